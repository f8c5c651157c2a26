"""A template as rules read it: cursors over its nodes, resolved for one scenario of its conditions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from ._identity import NAME_ATTRIBUTES, PHYSICAL_NAMES, REF_IS_NAME
from ._values import Part, Ref, Text, text

Answer = TypeVar("Answer")
Path = list[str | int]

MISSING: Any = object()
"""What a cursor stands on where the template has nothing (or AWS::NoValue)."""

_VARIABLE = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")
_FUNCTION = re.compile(r"Fn::\w+")
_UNKNOWN = "Fn::Unknown"


def _is_function(raw: Any) -> bool:
    if not isinstance(raw, dict) or len(raw) != 1:
        return False
    key = next(iter(raw))
    return isinstance(key, str) and (key in ("Ref", "Condition") or _FUNCTION.match(key) is not None)


def spelled(raw: Any) -> str:
    """Any value as one string."""
    try:
        return json.dumps(raw, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        return _UNKNOWN


def scalar(raw: Any) -> str | None:
    """A string, number or boolean as CloudFormation spells it; None for anything else."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (str, int, float)):
        return str(raw)
    return None


def atom(arguments: Any) -> str:
    """The key of a comparison that no value of a parameter decides: it holds in some scenarios, not in others."""
    return "Fn::Equals " + spelled(arguments)


class Node:
    """A place in a template: its value in this scenario, and the path by which cfn-lint finds its line.

    Reading never fails: a key that is not there, or that has no keys, gives a Node that stands on nothing.
    Fn::If is followed to the branch of the scenario, and AWS::NoValue is nothing.
    """

    __slots__ = ("path", "raw", "stack")

    def __init__(self, stack: Stack, raw: Any, path: Path) -> None:
        for _ in range(20):
            if not (isinstance(raw, dict) and len(raw) == 1):
                break
            branches = raw.get("Fn::If")
            if not (isinstance(branches, list) and len(branches) == 3):
                break
            holds = stack.holds(branches[0])
            if holds is None:
                break
            index = 1 if holds else 2
            raw, path = branches[index], [*path, "Fn::If", index]
        if isinstance(raw, dict) and raw.get("Ref") == "AWS::NoValue":
            raw = MISSING
        self.stack, self.raw, self.path = stack, raw, path

    def __getitem__(self, key: str | int) -> Node:
        raw = MISSING
        if isinstance(self.raw, dict) and not _is_function(self.raw):
            raw = self.raw.get(key, MISSING)
        elif isinstance(self.raw, list) and isinstance(key, int) and -len(self.raw) <= key < len(self.raw):
            raw = self.raw[key]
        return Node(self.stack, raw, [*self.path, key])

    def at(self, *keys: str | int) -> Node:
        node = self
        for key in keys:
            node = node[key]
        return node

    @property
    def given(self) -> bool:
        return self.raw is not MISSING and self.raw is not None

    @property
    def opaque(self) -> bool:
        """Whether there is a value that cannot be looked into: a function, or something that is no list nor object."""
        return self.given and (_is_function(self.raw) or not isinstance(self.raw, (dict, list)))

    @property
    def items(self) -> list[Node]:
        """The members of a list, nothing left out but AWS::NoValue; of a single value, that value; else nothing.

        A member that is an Fn::If with a list in its branch counts with that list's members.
        """
        if isinstance(self.raw, list):
            nodes = [Node(self.stack, raw, [*self.path, index]) for index, raw in enumerate(self.raw)]
            found: list[Node] = []
            for node in nodes:
                found.extend(node.items if isinstance(node.raw, list) else [node])
            return [node for node in found if node.given]
        return [self] if self.given else []

    @property
    def listed(self) -> bool:
        """Whether the members are all known: a list that no function computes."""
        return isinstance(self.raw, list)

    @property
    def keys(self) -> list[str]:
        if isinstance(self.raw, dict) and not _is_function(self.raw):
            return [key for key in self.raw if isinstance(key, str)]
        return []

    @property
    def text(self) -> Text | None:
        """The value as text with references; None for nothing, for an object and for a list."""
        return self.stack.text(self.raw) if self.given else None

    @property
    def literal(self) -> str | None:
        value = self.text
        return value.literal if value else None

    @property
    def number(self) -> float | None:
        try:
            value = float(self.literal or "")
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    @property
    def true(self) -> bool:
        return (self.literal or "").lower() == "true"

    @property
    def false(self) -> bool:
        return (self.literal or "").lower() == "false"

    @property
    def unknown(self) -> bool:
        """Whether there is a value, but not one that the template tells."""
        return self.given and self.literal is None

    def walk(self) -> Iterator[Node]:
        """This node and all below it, functions not entered."""
        stack = [self]
        while stack:
            node = stack.pop()
            if not node.given:
                continue
            yield node
            if isinstance(node.raw, list):
                stack.extend(node[index] for index in range(len(node.raw)))
            elif isinstance(node.raw, dict) and not _is_function(node.raw):
                stack.extend(node[key] for key in node.raw)

    def texts(self) -> Iterator[tuple[Node, Text]]:
        for node in self.walk():
            value = node.text
            if value is not None:
                yield node, value


class Resource(Node):
    """A resource that exists in this scenario; the cursor stands on its Properties."""

    __slots__ = ("id", "type", "whole")

    def __init__(self, stack: Stack, logical_id: str, raw: dict[str, Any]) -> None:
        super().__init__(stack, raw.get("Properties", MISSING), ["Resources", logical_id, "Properties"])
        self.id = logical_id
        kind = raw.get("Type")
        self.type = kind if isinstance(kind, str) else ""
        self.whole = raw

    def attribute(self, name: str) -> Node:
        """A resource attribute: DeletionPolicy, DependsOn, Metadata ..."""
        return Node(self.stack, self.whole.get(name, MISSING), ["Resources", self.id, name])

    @property
    def here(self) -> Node:
        """The resource as a place to report at."""
        return Node(self.stack, self.whole, ["Resources", self.id])

    @property
    def references(self) -> set[str]:
        """The logical ids and parameters that the resource names, by Ref, GetAtt, Sub or DependsOn."""
        return self.stack.ask(f"references of {self.id}", self._references)

    def _references(self) -> set[str]:
        found = {item.literal for item in self.attribute("DependsOn").items if item.literal}
        for node in self.walk():
            if _is_function(node.raw):
                found |= named_in(node.raw)
        return found


def named_in(raw: Any) -> set[str]:
    """The parameters, resources and pseudo-parameters that an expression names, whatever it makes of them."""
    found: set[str] = set()
    pending = [raw]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "Ref" and isinstance(value, str):
                    found.add(value)
                elif key == "Fn::GetAtt":
                    name = (
                        value.split(".")[0]
                        if isinstance(value, str)
                        else value[0]
                        if isinstance(value, list) and value
                        else None
                    )
                    if isinstance(name, str):
                        found.add(name)
                elif key == "Fn::Sub":
                    pattern = value[0] if isinstance(value, list) and value else value
                    variables = value[1] if isinstance(value, list) and len(value) > 1 else None
                    own = variables if isinstance(variables, dict) else {}
                    if isinstance(pattern, str):
                        names = {name for mark, name in _VARIABLE.findall(pattern) if not mark}
                        found |= {name.split(".")[0] for name in names if name not in own}
                    pending.append(value)
                else:
                    pending.append(value)
        elif isinstance(node, list):
            pending.extend(node)
    return found


def _strings_in(raw: Any) -> str:
    """All strings of an expression, whatever they are there for."""
    found: list[str] = []
    pending = [raw]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return "\n".join(found)


class Stack:
    """The template in one scenario: which conditions hold, and what its parameters are known to be."""

    def __init__(
        self,
        template: dict[str, Any],
        filename: str | None,
        values: dict[str, str | None],
        strings: dict[str, str] | None = None,
    ) -> None:
        self.template = template
        self.filename = filename
        self._values = values
        self._strings = {} if strings is None else strings
        self._answers: dict[str, Any] = {}
        self._conditions: dict[str, bool | None] = {}
        self._depth = 0

    # What is in the template

    def section(self, name: str) -> Node:
        return Node(self, self.template.get(name, MISSING), [name])

    @cached_property
    def resources(self) -> dict[str, Resource]:
        section = self.template.get("Resources")
        if not isinstance(section, dict):
            return {}
        return {
            name: Resource(self, name, raw)
            for name, raw in section.items()
            if isinstance(name, str) and isinstance(raw, dict) and self.holds(raw.get("Condition")) is not False
        }

    @property
    def by_macro(self) -> bool:
        """Whether a macro may add resources; of AWS's own only AWS::Include does."""
        named = [item.literal or "" for item in self.section("Transform").items]
        return (
            any(not name.startswith("AWS::") or name == "AWS::Include" for name in named)
            or "Fn::Transform" in self.template
            or "Fn::Transform" in self.section("Resources").keys
        )

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.type, []).append(resource)
        return found

    def of(self, *types: str) -> list[Resource]:
        return [resource for kind in types for resource in self._by_type.get(kind, [])]

    def mentioning(self, words: str) -> list[Resource]:
        """The resources in whose strings these words stand, in any scenario: a quick look before a thorough one."""
        if not self._strings:
            self._strings.update((name, _strings_in(resource.whole)) for name, resource in self.resources.items())
        return [resource for name, resource in self.resources.items() if words in self._strings.get(name, words)]

    @cached_property
    def parameters(self) -> dict[str, dict[str, Any]]:
        section = self.template.get("Parameters")
        if not isinstance(section, dict):
            return {}
        return {name: raw for name, raw in section.items() if isinstance(name, str) and isinstance(raw, dict)}

    def parameter(self, name: str) -> Node:
        return Node(self, self.parameters.get(name, MISSING), ["Parameters", name])

    def ask(self, question: str, answer: Callable[[], Answer]) -> Answer:
        """The answer to a question about this stack, worked out once for all rules."""
        if question not in self._answers:
            self._answers[question] = answer()
        found: Answer = self._answers[question]
        return found

    # Which resource a value means

    def resource(self, value: Text | Node | None, *types: str) -> Resource | None:
        """The resource of the template that a value names: by reference, by ARN of it, or by its physical name."""
        if isinstance(value, Node):
            value = value.text
        if value is None:
            return None
        ref = value.reference
        if ref is not None:
            found = self.resources.get(ref.name)
            return found if found and (not types or found.type in types) else None
        for resource in self.of(*types):
            name = self.name_of(resource)
            if name is not None and not name.reference and name == value:
                return resource
        return None

    def waits_for(self, resource: Resource, others: set[str]) -> bool:
        """Whether CloudFormation makes one of the others first, because the resource needs it, directly or not."""
        pending, seen = [resource.id], {resource.id}
        while pending:
            for name in self.resources[pending.pop()].references:
                if name in others:
                    return True
                if name in self.resources and name not in seen:
                    seen.add(name)
                    pending.append(name)
        return False

    def name_of(self, resource: Resource) -> Text | None:
        """The physical name of a resource: the one given, or the reference to it where CloudFormation makes one."""
        given = resource[PHYSICAL_NAMES.get(resource.type, "Name")]
        if given.given:
            return self.expanded(given.text)
        return text(Ref(resource.id))

    def expanded(self, value: Text | None) -> Text | None:
        """The text with references to named resources replaced by their names, so that two ways to say it are equal."""
        if value is None or not value.refs:
            return value
        parts: list[Part] = []
        for part in value.parts:
            parts.extend(self._expanded_part(part))
        return text(*parts)

    def _expanded_part(self, part: Part) -> tuple[Part, ...]:
        if not isinstance(part, Ref):
            return (part,)
        resource = self.resources.get(part.name)
        if resource is None:
            return (part,)
        if part.attribute in ("", *NAME_ATTRIBUTES.get(resource.type, ())) and (
            part.attribute or resource.type in REF_IS_NAME
        ):
            given = resource[PHYSICAL_NAMES.get(resource.type, "Name")].text
            if given is not None and self._depth < 5:
                self._depth += 1
                try:
                    expanded = self.expanded(given)
                finally:
                    self._depth -= 1
                return expanded.parts if expanded else (part,)
            return (Ref(part.name),)
        return (part,)

    # Conditions

    def holds(self, condition: Any) -> bool | None:
        """Whether a condition holds in this scenario; True for no condition, None where it cannot be known."""
        if condition is None:
            return True
        if not isinstance(condition, str):
            return None
        if condition not in self._conditions:
            self._conditions[condition] = None
            section = self.template.get("Conditions")
            self._conditions[condition] = self._evaluate(section.get(condition)) if isinstance(section, dict) else None
        return self._conditions[condition]

    def _evaluate(self, raw: Any) -> bool | None:
        if not isinstance(raw, dict) or len(raw) != 1:
            return None
        function, arguments = next(iter(raw.items()))
        if function == "Condition":
            return self.holds(arguments) if isinstance(arguments, str) else None
        if not isinstance(arguments, list):
            return None
        if function == "Fn::Equals" and len(arguments) == 2:
            key = atom(arguments)
            if key in self._values:
                return self._values[key] == "true"
            left, right = (self.text(argument) for argument in arguments)
            if left is None or right is None:
                return None
            if left == right:
                return True
            if left.literal is None or right.literal is None:
                # A parameter whose value is none of those that the conditions ask for.
                others = {side.reference.name for side in (left, right) if side.reference}
                return False if any(name in self._values for name in others) else None
            return left.literal == right.literal
        results = [self._evaluate(argument) for argument in arguments]
        if function == "Fn::Not" and len(results) == 1:
            return None if results[0] is None else not results[0]
        if function == "Fn::And":
            return False if False in results else None if None in results else True
        if function == "Fn::Or":
            return True if True in results else None if None in results else False
        return None

    # Values

    def text(self, raw: Any) -> Text | None:
        """A value as text; None for nothing, for a list and for an object that is no function."""
        spelled = scalar(raw)
        if spelled is not None:
            return text(spelled)
        if not _is_function(raw):
            return None
        if self._depth > 50:
            return text(Ref(_UNKNOWN))
        self._depth += 1
        try:
            return self._function(*next(iter(raw.items())))
        finally:
            self._depth -= 1

    def _function(self, function: str, arguments: Any) -> Text | None:
        if function == "Ref":
            return self._ref(arguments) if isinstance(arguments, str) else text(Ref(_UNKNOWN))
        if function == "Fn::GetAtt":
            if isinstance(arguments, str):
                arguments = arguments.split(".", 1)
            if isinstance(arguments, list) and len(arguments) == 2 and all(isinstance(item, str) for item in arguments):
                return text(Ref(arguments[0], arguments[1]))
        elif function == "Fn::Sub":
            return self._sub(arguments)
        elif function == "Fn::If":
            if isinstance(arguments, list) and len(arguments) == 3:
                holds = self.holds(arguments[0])
                if holds is not None:
                    branch = arguments[1] if holds else arguments[2]
                    if isinstance(branch, dict) and branch.get("Ref") == "AWS::NoValue":
                        return None
                    return self.text(branch)
        elif function == "Fn::Join":
            if isinstance(arguments, list) and len(arguments) == 2 and isinstance(arguments[0], str):
                members = self._list(arguments[1])
                if members is not None:
                    return self._joined(arguments[0], members)
        elif function == "Fn::Select":
            if isinstance(arguments, list) and len(arguments) == 2:
                index = self.text(arguments[0])
                members = self._list(arguments[1])
                literal = index.literal if index else None
                if members is not None and literal is not None and literal.isdigit() and int(literal) < len(members):
                    return self.text(members[int(literal)])
        elif function == "Fn::FindInMap":
            found = self._mapped(arguments)
            if found is not None:
                return text(found)
        elif function == "Fn::Base64":
            return self.text(arguments)
        return text(Ref(function, spelled(arguments)))

    def _ref(self, name: str) -> Text | None:
        if name == "AWS::NoValue":
            return None
        if name in self._values:
            return text(Ref(name, literal=self._values[name]))
        parameter = self.parameters.get(name)
        if parameter is not None and not str(parameter.get("Type")).startswith("AWS::SSM::Parameter::"):
            return text(Ref(name, literal=scalar(parameter.get("Default"))))
        return text(Ref(name))

    def _sub(self, arguments: Any) -> Text:
        pattern, variables = arguments, {}
        if isinstance(arguments, list) and arguments:
            pattern = arguments[0]
            if len(arguments) > 1 and isinstance(arguments[1], dict):
                variables = arguments[1]
        if not isinstance(pattern, str):
            return text(Ref(_UNKNOWN))
        members: list[Text | None] = []
        position = 0
        for found in _VARIABLE.finditer(pattern):
            members.append(text(pattern[position : found.start()]))
            position = found.end()
            name = found[2]
            if found[1]:
                members.append(text("${" + name + "}"))
            elif name in variables:
                members.append(self.text(variables[name]) or text(Ref(_UNKNOWN)))
            elif "." in name:
                members.append(text(Ref(*name.split(".", 1))))
            else:
                members.append(self._ref(name))
        members.append(text(pattern[position:]))
        return text(*members)

    def _joined(self, separator: str, members: list[Any]) -> Text:
        pieces: list[Text | None] = []
        for index, member in enumerate(members):
            if index:
                pieces.append(text(separator))
            pieces.append(self.text(member) or text(Ref(_UNKNOWN)))
        return text(*pieces)

    def _list(self, raw: Any) -> list[Any] | None:
        if isinstance(raw, list):
            return [item for item in raw if not (isinstance(item, dict) and item.get("Ref") == "AWS::NoValue")]
        if isinstance(raw, dict) and len(raw) == 1:
            function, arguments = next(iter(raw.items()))
            if function == "Fn::Split" and isinstance(arguments, list) and len(arguments) == 2:
                source = self.text(arguments[1])
                if source is not None and source.literal is not None and isinstance(arguments[0], str) and arguments[0]:
                    return list(source.literal.split(arguments[0]))
            if function == "Fn::If" and isinstance(arguments, list) and len(arguments) == 3:
                holds = self.holds(arguments[0])
                return None if holds is None else self._list(arguments[1 if holds else 2])
        return None

    def _mapped(self, arguments: Any) -> str | None:
        node: Any = self.template.get("Mappings")
        if not isinstance(arguments, list) or len(arguments) != 3:
            return None
        for argument in arguments:
            key = self.text(argument)
            if key is None or key.literal is None or not isinstance(node, dict):
                return None
            node = node.get(key.literal)
        return scalar(node)
