"""Evaluates the expressions of a template in one scenario: functions and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .functions import (
    NO_VALUE,
    OTHER_TOOLS,
    UNKNOWN,
    VARIABLE,
    canonical,
    is_function,
    is_list,
    is_no_value,
    scalar,
    set_elsewhere,
    sub_arguments,
)
from .values import Ref, Text, text

_MOST_NESTED = 50
_UNDECIDED: Any = object()


@dataclass(frozen=True)
class Scenario:
    """The known values of a stack.

    `values` has parameters and pseudo parameters as strings; for a parameter of an SSM type, the value in Parameter
    Store. `others` are parameters with an unknown value that differs from all values in conditions. `comparisons` has
    the results of Fn::Equals with unknown values, by `comparison(arguments)`. With `defaults`, a parameter that is
    neither in `values` nor in `others` has its default; without, its value is unknown.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    comparisons: Mapping[str, bool] = field(default_factory=dict)
    defaults: bool = True


def comparison(arguments: Any) -> str:
    """The key of an Fn::Equals in `Scenario.comparisons`."""
    return canonical(arguments)


class Evaluation:
    """A template's expressions in one scenario.

    An unknown value is a `Text` with a `Ref`, an unknown condition is None. Expressions with invalid arguments, or that
    are nested too deeply, are unknown.
    """

    def __init__(self, template: dict[str, Any], scenario: Scenario) -> None:
        self.template = template
        self.scenario = scenario
        self._conditions: dict[str, bool | None] = {}
        self._nested = 0

    @cached_property
    def parameters(self) -> dict[str, dict[str, Any]]:
        section = self.template.get("Parameters")
        if not isinstance(section, dict):
            return {}
        return {name: raw for name, raw in section.items() if isinstance(name, str) and isinstance(raw, dict)}

    # Conditions

    def holds(self, condition: Any) -> bool | None:
        """Whether a condition holds; True without a condition, None if it is unknown."""
        if condition is None:
            return True
        if not isinstance(condition, str):
            return None
        if condition not in self._conditions:
            self._conditions[condition] = None  # for a condition that refers to itself
            section = self.template.get("Conditions")
            self._conditions[condition] = self.decides(section.get(condition)) if isinstance(section, dict) else None
        return self._conditions[condition]

    def decides(self, raw: Any) -> bool | None:
        """Whether a condition function, such as Fn::And, is true; None if it is unknown."""
        if not isinstance(raw, dict) or len(raw) != 1 or self._nested > _MOST_NESTED:
            return None
        self._nested += 1
        try:
            return self._condition(*next(iter(raw.items())))
        finally:
            self._nested -= 1

    def _condition(self, function: Any, arguments: Any) -> bool | None:
        if function == "Condition":
            return self.holds(arguments) if isinstance(arguments, str) else None
        if not isinstance(arguments, list):
            return None
        if function == "Fn::Equals" and len(arguments) == 2:
            return self._equal(arguments)
        results = [self.decides(argument) for argument in arguments]
        if function == "Fn::Not" and len(results) == 1:
            return None if results[0] is None else not results[0]
        if function == "Fn::And":
            return False if False in results else None if None in results else True
        if function == "Fn::Or":
            return True if True in results else None if None in results else False
        return None

    def _equal(self, arguments: list[Any]) -> bool | None:
        if self.scenario.comparisons:
            assumed = self.scenario.comparisons.get(comparison(arguments))
            if assumed is not None:
                return assumed
        left, right = (self.text(argument) for argument in arguments)
        if left is None or right is None:
            return None
        if left == right:
            return True
        if left.literal is None or right.literal is None:
            compared = {side.reference.name for side in (left, right) if side.reference}
            return None if self.scenario.others.isdisjoint(compared) else False
        return left.literal == right.literal

    # Values

    def text(self, raw: Any) -> Text | None:
        """A value as text; None for no value, a list, and an object that is not a function."""
        plain = scalar(raw)
        if plain is not None:
            if "${" in plain and OTHER_TOOLS.search(plain):
                return text(Ref(UNKNOWN))
            return Text((plain,) if plain else ())
        if not is_function(raw):
            return None
        if self._nested > _MOST_NESTED:
            return text(Ref(UNKNOWN, canonical(raw)))
        self._nested += 1
        try:
            return self._function(*next(iter(raw.items())))
        finally:
            self._nested -= 1

    def _function(self, function: str, arguments: Any) -> Text | None:
        if function == "Ref":
            return self._ref(arguments) if isinstance(arguments, str) else text(Ref(UNKNOWN))
        if function == "Fn::GetAtt":
            if isinstance(arguments, str):
                arguments = arguments.split(".", 1)
            if isinstance(arguments, list) and len(arguments) == 2 and all(isinstance(item, str) for item in arguments):
                return text(self._attribute(arguments[0], arguments[1]))
        elif function == "Fn::Sub":
            return self._sub(arguments)
        elif function == "Fn::If":
            branch = self._branch(arguments)
            if branch is not _UNDECIDED:
                return None if is_no_value(branch) else self.text(branch)
        elif function == "Fn::Join":
            if isinstance(arguments, list) and len(arguments) == 2 and isinstance(arguments[0], str):
                members = self.members(arguments[1])
                if members is not None:
                    return self._joined(arguments[0], members)
        elif function == "Fn::Select":
            if isinstance(arguments, list) and len(arguments) == 2:
                index = self.text(arguments[0])
                members = self.members(arguments[1])
                literal = index.literal if index else None
                if members is not None and literal is not None and literal.isdigit() and int(literal) < len(members):
                    return self.text(members[int(literal)])
        elif function == "Fn::FindInMap":
            found = scalar(self.mapped(arguments))
            if found is not None:
                return text(found)
        elif function == "Fn::Base64":
            return self.text(arguments)
        return text(Ref(function, canonical(arguments)))

    def _attribute(self, name: str, attribute: str) -> Ref:
        """An attribute of a resource; an unknown call if code outside the template sets the attribute."""
        section = self.template.get("Resources")
        raw = section.get(name) if isinstance(section, dict) else None
        kind = raw.get("Type") if isinstance(raw, dict) else None
        if isinstance(kind, str) and set_elsewhere(kind, attribute):
            return Ref("Fn::GetAtt", canonical([name, attribute]))
        return Ref(name, attribute)

    def _ref(self, name: str) -> Text | None:
        if name == NO_VALUE:
            return None
        if name in self.scenario.values:
            return text(Ref(name, literal=self.scenario.values[name]))
        parameter = self.parameters.get(name)
        if (
            self.scenario.defaults
            and parameter is not None
            and name not in self.scenario.others
            and not str(parameter.get("Type")).startswith("AWS::SSM::Parameter::")
        ):
            return text(Ref(name, literal=scalar(parameter.get("Default"))))
        return text(Ref(name))

    def _branch(self, arguments: Any) -> Any:
        """The selected branch of an Fn::If; _UNDECIDED if it is unknown."""
        if not isinstance(arguments, list) or len(arguments) != 3:
            return _UNDECIDED
        holds = self.holds(arguments[0])
        return _UNDECIDED if holds is None else arguments[1 if holds else 2]

    def _sub(self, arguments: Any) -> Text:
        pattern, variables = sub_arguments(arguments)
        if not isinstance(pattern, str):
            return text(Ref(UNKNOWN))
        members: list[Text | None] = []
        position = 0
        for found in VARIABLE.finditer(pattern):
            members.append(text(pattern[position : found.start()]))
            position = found.end()
            name = found[2]
            if found[1]:
                members.append(text("${" + name + "}"))
            elif name in variables:
                members.append(self.text(variables[name]) or text(Ref(UNKNOWN)))
            elif "." in name:
                members.append(text(self._attribute(*name.split(".", 1))))
            else:
                members.append(self._ref(name))
        members.append(text(pattern[position:]))
        return text(*members)

    def _joined(self, separator: str, members: list[Any]) -> Text:
        pieces: list[Text | None] = []
        for index, member in enumerate(members):
            if index:
                pieces.append(text(separator))
            pieces.append(self.text(member) or text(Ref(UNKNOWN)))
        return text(*pieces)

    def members(self, raw: Any) -> list[Any] | None:
        """The unevaluated members of a list, or of a function that returns one; None if they are unknown."""
        if isinstance(raw, list):
            return [item for item in raw if not is_no_value(item)]
        if not isinstance(raw, dict) or len(raw) != 1 or self._nested > _MOST_NESTED:
            return None
        function, arguments = next(iter(raw.items()))
        if function == "Ref" and is_list(self.parameters.get(arguments) if isinstance(arguments, str) else None):
            given = self._ref(arguments)
            literal = given.literal if given else None
            return None if literal is None else [each.strip() for each in literal.split(",")]
        if function == "Fn::FindInMap":
            found = self.mapped(arguments)
            return found if isinstance(found, list) else None
        if function == "Fn::Cidr" and isinstance(arguments, list) and len(arguments) in (2, 3):
            return self._blocks([self.text(each) for each in arguments])
        if function == "Fn::Split" and isinstance(arguments, list) and len(arguments) == 2:
            source = self.text(arguments[1])
            if source is not None and source.literal is not None and isinstance(arguments[0], str) and arguments[0]:
                return list(source.literal.split(arguments[0]))
        if function == "Fn::If":
            self._nested += 1
            try:
                return self.members(self._branch(arguments))
            finally:
                self._nested -= 1
        return None

    def _blocks(self, arguments: list[Text | None]) -> list[Any] | None:
        """The result of Fn::Cidr; None if it is unknown.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html
        """
        literals = [each.literal if each else None for each in arguments]
        if None in literals:
            return None
        # Imported here: few templates need it.
        from ipaddress import ip_network
        from itertools import islice

        try:
            block = ip_network(str(literals[0]))
            count = int(str(literals[1]))
            bits = int(str(literals[2])) if len(literals) == 3 else block.max_prefixlen - block.prefixlen
            blocks = [
                str(each) for each in islice(block.subnets(new_prefix=block.max_prefixlen - bits), min(count, 256))
            ]
        except ValueError:
            return None
        return blocks if len(blocks) == count else None

    def mapped(self, arguments: Any) -> Any:
        """The unevaluated result of an Fn::FindInMap; None if it is unknown."""
        node: Any = self.template.get("Mappings")
        if not isinstance(arguments, list) or len(arguments) not in (3, 4):
            return None
        default = arguments[3] if len(arguments) == 4 else None
        for argument in arguments[:3]:
            key = self.text(argument)
            if key is None or key.literal is None:
                return None
            node = node.get(key.literal) if isinstance(node, dict) else None
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-findinmap-enhancements.html
        return default.get("DefaultValue") if node is None and isinstance(default, dict) else node
