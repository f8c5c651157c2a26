"""Where two values of a template differ, once both are resolved: by path, and how certain that is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phoenix_cfn.cloudformation.functions import canonical
from phoenix_cfn.cloudformation.nodes import MISSING
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.trees import Choice, tree
from phoenix_cfn.cloudformation.values import DYNAMIC, Part, Ref, Text, same, text

from .outcomes import Verdict
from .shapes import Shape
from .spellings import spelled

# Beyond so many pairs, the members of two lists are compared in their order only.
_MOST_PAIRS = 40_000
_MOST_NESTED = 80
# What tells the members of a list apart, by the first of these properties that they have.
_KEYS = ("Key", "Id", "Name", "AttributeName", "IndexName", "DeviceName", "Sid", "ParameterKey")
# Of an ARN, the parts before the resource: they are the same for the resource that takes its place.
_ARN_HEAD = 5

# A dynamic reference without a version: CloudFormation reads the latest value at each update.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
_LATEST = re.compile(r"\{\{resolve:ssm:[^:}]*\}\}")

Status = Callable[[Ref], Verdict]
"""Whether what a reference stands for is the same after the update."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A place where two values differ. The path has property names; positions in lists are left out.

    `because` are the resources whose own change makes it differ.
    """

    path: Path
    old: Any
    new: Any
    verdict: Verdict
    because: tuple[str, ...] = ()


class Comparison:
    """Compares values of two stacks. `status` says what becomes of a reference."""

    def __init__(self, old: Stack, new: Stack, status: Status) -> None:
        self._old, self._new, self._status = old, new, status
        self._conditions: dict[str, Verdict] = {}

    def differences(self, old: Any, new: Any, shape: Shape) -> list[Difference]:
        """Where two values, as written, differ."""
        return list(self._walk(tree(self._old, old), tree(self._new, new), (), shape))

    def verdict(self, old: Any, new: Any, shape: Shape | None = None) -> Verdict:
        """Whether two values, as written, are the same."""
        return _worst(self.differences(old, new, shape or Shape()))

    def causes(self, new: Any) -> tuple[str, ...]:
        """The resources that a value, as written in the new template, refers to and that the update changes."""
        return tuple(self._causes(tree(self._new, new)))

    def _walk(self, old: Any, new: Any, path: Path, shape: Shape) -> Iterator[Difference]:
        if len(path) > _MOST_NESTED:
            if old != new:
                yield Difference(path, old, new, Verdict.PERHAPS)
        elif isinstance(old, Choice) or isinstance(new, Choice):
            yield from self._choices(old, new, path, shape)
        elif isinstance(old, dict) and isinstance(new, dict):
            for key in [*old, *(key for key in new if key not in old)]:
                yield from self._walk(old.get(key, MISSING), new.get(key, MISSING), (*path, key), shape.member(key))
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._lists(old, new, path, shape)
        elif isinstance(old, Text) and isinstance(new, Text):
            verdict, because = self._texts(old, new, shape)
            if verdict is not Verdict.SAME:
                yield Difference(path, old, new, verdict, because)
        elif old is not new:
            yield from self._others(old, new, path, shape)

    def _others(self, old: Any, new: Any, path: Path, shape: Shape) -> Iterator[Difference]:
        """Values of two kinds: one of them missing, a document and its JSON, a list that a function computes."""
        for one, other in ((old, new), (new, old)):
            if isinstance(one, Text) and isinstance(other, dict) and shape.is_document and _is_json(one, other):
                return
        sides = (old, new)
        if any(isinstance(each, Text) and each.refs for each in sides) and MISSING not in sides:
            yield Difference(path, old, new, Verdict.PERHAPS, self._causes(new))
            return
        yield Difference(path, old, new, Verdict.DIFFERENT, self._causes(new))

    def _choices(self, old: Any, new: Any, path: Path, shape: Shape) -> Iterator[Difference]:
        alike = Verdict.PERHAPS
        if isinstance(old, Choice) and isinstance(new, Choice):
            alike = self.condition(old.condition, new.condition)
        if isinstance(old, Choice) and isinstance(new, Choice) and (not alike or old.condition == new.condition):
            pairs = [(old.yes, new.yes), (old.no, new.no)]
            condition = alike
        else:
            pairs = [
                (one, other)
                for one in ((old.yes, old.no) if isinstance(old, Choice) else (old,))
                for other in ((new.yes, new.no) if isinstance(new, Choice) else (new,))
            ]
            condition = Verdict.PERHAPS
        found = [list(self._walk(one, other, path, shape)) for one, other in pairs]
        certain = bool(found) and all(_worst(each) is Verdict.DIFFERENT for each in found)
        if condition is Verdict.PERHAPS and not certain and any(found):
            yield Difference(path, old, new, Verdict.PERHAPS)
            return
        if condition is Verdict.PERHAPS and isinstance(old, Choice) and isinstance(new, Choice) and old.yes != old.no:
            yield Difference(path, old, new, Verdict.PERHAPS)
            return
        for each in [one for some in found for one in some]:
            verdict = each.verdict if certain else Verdict.PERHAPS
            yield Difference(each.path, each.old, each.new, verdict, each.because)

    def condition(self, old: str, new: str) -> Verdict:
        """Whether two conditions that neither side decides are written alike."""
        key = f"{old}\0{new}"
        if key not in self._conditions:
            alike = _closure(self._old.template, old) == _closure(self._new.template, new)
            self._conditions[key] = Verdict.SAME if alike else Verdict.PERHAPS
        return self._conditions[key]

    def _lists(self, old: list[Any], new: list[Any], path: Path, shape: Shape) -> Iterator[Difference]:
        member = shape.items()
        if len(old) * len(new) > _MOST_PAIRS:
            if old != new:
                yield Difference(path, old, new, Verdict.DIFFERENT)
            return
        left, right = list(old), list(new)
        if shape.unordered:
            for each in old:
                found = next((one for one in right if not any(self._walk(each, one, path, member))), None)
                if found is not None:
                    left.remove(each)
                    right.remove(found)
        pairs, gone, come = _paired(left, right)
        places = [next(place for place, each in enumerate(right) if each is other) for _, other in pairs]
        if places != sorted(places) and not shape.unordered:
            yield Difference(path, old, new, Verdict.DIFFERENT)
        for one, other in pairs:
            yield from self._walk(one, other, path, member)
        for one in gone:
            yield Difference(path, one, MISSING, Verdict.DIFFERENT)
        for other in come:
            yield Difference(path, MISSING, other, Verdict.DIFFERENT, self._causes(other))

    # Texts

    def _texts(self, old: Text, new: Text, shape: Shape) -> tuple[Verdict, tuple[str, ...]]:
        left, right = spelled(self._old, old), spelled(self._new, new)
        states = {part: self._state(part) for part in right.refs}
        because = tuple(dict.fromkeys(name for part, state in states.items() if state for name in self._targets(part)))
        if left.parts == right.parts:
            if any(_LATEST.search(part) for part in left.parts if isinstance(part, str)):
                return Verdict.PERHAPS, because
            return max(states.values(), default=Verdict.SAME), because
        if left.literal is not None and right.literal is not None:
            return (Verdict.SAME if shape.equal(left.literal, right.literal) else Verdict.DIFFERENT), because
        if any(DYNAMIC in each.plain for each in (left, right)):
            return Verdict.DIFFERENT, because
        marked = text(*(_marked(part, states) if isinstance(part, Ref) else part for part in right.parts))
        decided = same(left, marked)
        if decided is not None:
            return (Verdict.SAME if decided else Verdict.DIFFERENT), because
        return self._unequal(left, marked), because

    def _unequal(self, left: Text, right: Text) -> Verdict:
        rest, others = list(left.parts), list(right.parts)
        for end in (0, -1):
            while rest and others and rest[end] == others[end]:
                del rest[end], others[end]
        if len(rest) != len(others):
            return Verdict.PERHAPS
        verdicts = [self._parts(one, other) for one, other in zip(rest, others, strict=True)]
        return Verdict.DIFFERENT if Verdict.DIFFERENT in verdicts else max(verdicts, default=Verdict.SAME)

    def _parts(self, one: Part, other: Part) -> Verdict:
        if one == other:
            return Verdict.SAME
        if isinstance(one, str) and isinstance(other, str):
            return Verdict.PERHAPS
        if isinstance(one, Ref) and isinstance(other, Ref):
            if other.attribute.endswith(_NEW) and one.name == other.name and not one.name.startswith("Fn::"):
                return Verdict.DIFFERENT
            if one.name.startswith("Fn::") and one.name == other.name:
                return self._calls(one, other)
            known = one.name in self._old.resources and other.name in self._new.resources
            distinct = known and one.name != other.name and one.attribute == other.attribute.removesuffix(_NEW)
            return Verdict.DIFFERENT if distinct else Verdict.PERHAPS
        # A resource that is new has an id that no template can have written out.
        if isinstance(other, Ref):
            created = other.name in self._new.resources and other.name not in self._old.resources
            return Verdict.DIFFERENT if created or other.attribute.endswith(_NEW) else Verdict.PERHAPS
        deleted = isinstance(one, Ref) and one.name in self._old.resources and one.name not in self._new.resources
        return Verdict.DIFFERENT if deleted else Verdict.PERHAPS

    # References and functions that are not computed

    def _state(self, ref: Ref) -> Verdict:
        return self._calls(ref, ref) if ref.name.startswith("Fn::") else self._status(ref)

    def _calls(self, old: Ref, new: Ref) -> Verdict:
        """Two calls of a function that cannot be computed."""
        arguments = _arguments(old.attribute), _arguments(new.attribute.removesuffix(_NEW).removesuffix(_PERHAPS))
        if new.name == "Fn::GetAZs":
            one, other = ({"Ref": "AWS::Region"} if each == "" else each for each in arguments)
            return self.verdict(one, other)
        if new.name == "Fn::FindInMap":
            return self._maps(*arguments)
        if new.name == "Fn::GetAtt":
            if arguments[0] != arguments[1]:
                return Verdict.PERHAPS
            name, attribute = arguments[1] if _is_pair(arguments[1]) else ("", "")
            return self._status(Ref(str(name), str(attribute)))
        if new.name == "Fn::Select" and all(map(_is_pair, arguments)):
            (index, members), (index_then, members_then) = arguments
            verdict = self.verdict(members, members_then)
            if self.verdict(index, index_then) is Verdict.DIFFERENT:
                return Verdict.DIFFERENT if verdict is Verdict.SAME else Verdict.PERHAPS
            return Verdict.SAME if _is_head_of_arn(index_then, members_then) else verdict
        if new.name == "Fn::If" and all(isinstance(each, list) and len(each) == 3 for each in arguments):
            one, other = (
                Choice(str(condition), tree(stack, yes), tree(stack, no))
                for stack, (condition, yes, no) in zip((self._old, self._new), arguments, strict=True)
            )
            found = list(self._choices(one, other, (), Shape()))
            return _worst(found)
        verdict = self.verdict(*arguments)
        return Verdict.PERHAPS if verdict is Verdict.DIFFERENT and new.name == "Fn::ImportValue" else verdict

    def _maps(self, old: Any, new: Any) -> Verdict:
        """Two look-ups of which a key is not known, such as the region: every value that there may be."""
        if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new) >= 3):
            return Verdict.PERHAPS
        if any(self.verdict(one, other) is not Verdict.SAME for one, other in zip(old, new, strict=True)):
            return Verdict.PERHAPS
        values = [_possible(stack, arguments) for stack, arguments in ((self._old, old), (self._new, new))]
        if values[0] == values[1]:
            return Verdict.SAME
        shared = [values[0][key] == values[1][key] for key in values[0] if key in values[1]]
        return Verdict.PERHAPS if any(shared) or not shared else Verdict.DIFFERENT

    def _targets(self, ref: Ref) -> list[str]:
        if not ref.name.startswith("Fn::"):
            return [ref.name] if ref.name in self._new.resources else []
        return (
            self._causes(tree(self._new, _arguments(ref.attribute)))
            if ref.name != "Fn::GetAtt"
            else [str(each) for each in _arguments(ref.attribute)[:1]]
        )

    def _causes(self, node: Any) -> Any:
        """The resources that a value refers to and that the update changes."""
        found: dict[str, None] = {}
        pending = [node]
        while pending:
            each = pending.pop()
            if isinstance(each, Text):
                for ref in each.refs:
                    if not ref.name.startswith("Fn::") and ref.name in self._new.resources and self._status(ref):
                        found[ref.name] = None
            elif isinstance(each, Choice):
                pending += [each.yes, each.no]
            elif isinstance(each, (list, dict)):
                pending.extend(each.values() if isinstance(each, dict) else each)
        return tuple(found)


_NEW, _PERHAPS = "\0new", "\0perhaps"


def is_latest(difference: Difference) -> bool:
    """Whether a value differs only perhaps, and only since its latest version is read anew."""
    value = difference.new
    return (
        difference.verdict is Verdict.PERHAPS
        and difference.old == value
        and isinstance(value, Text)
        and _LATEST.search(value.plain) is not None
    )


def _marked(ref: Ref, states: Mapping[Ref, Verdict]) -> Ref:
    """The reference after the update: another one than before, where it stands for another value."""
    mark = {Verdict.SAME: "", Verdict.PERHAPS: _PERHAPS, Verdict.DIFFERENT: _NEW}[states[ref]]
    return ref._replace(attribute=ref.attribute + mark)


def _worst(found: list[Difference]) -> Verdict:
    return max((each.verdict for each in found), default=Verdict.SAME)


def _paired(old: list[Any], new: list[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
    """Members that belong together, those that are gone and those that have come; by key, or else by position."""
    key = next((key for key in _KEYS if old and new and all(_keyed(each, key) for each in [*old, *new])), None)
    if key is None:
        length = min(len(old), len(new))
        return list(zip(old, new, strict=False)), old[length:], new[length:]
    names = [[each[key].literal for each in side] for side in (old, new)]
    if any(len(set(side)) < len(side) for side in names):
        length = min(len(old), len(new))
        return list(zip(old, new, strict=False)), old[length:], new[length:]
    by_name = dict(zip(names[1], new, strict=True))
    pairs = [(each, by_name[each[key].literal]) for each in old if each[key].literal in by_name]
    gone = [each for each in old if each[key].literal not in by_name]
    return pairs, gone, [each for each in new if each[key].literal not in set(names[0])]


def _keyed(member: Any, key: str) -> bool:
    return isinstance(member, dict) and isinstance(member.get(key), Text) and member[key].literal is not None


def _is_json(one: Text, other: dict[str, Any]) -> bool:
    """Whether a text is the JSON of a document."""
    if one.literal is None:
        return False
    try:
        return bool(canonical(_plain(json.loads(one.literal))) == canonical(_plain(other)))
    except (ValueError, RecursionError):
        return False


def _plain(node: Any) -> Any:
    if isinstance(node, Text):
        return node.literal if node.literal is not None else str(node)
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node) if isinstance(node, (int, float)) else node


def _arguments(attribute: str) -> Any:
    try:
        return json.loads(attribute)
    except (ValueError, RecursionError):
        return attribute


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _is_head_of_arn(index: Any, members: Any) -> bool:
    """Whether an Fn::Select takes the partition, service, region or account of an ARN that it splits."""
    split = members.get("Fn::Split") if isinstance(members, dict) else None
    number = str(index)
    return isinstance(split, list) and split[:1] == [":"] and number.isdigit() and int(number) < _ARN_HEAD


def _possible(stack: Stack, arguments: list[Any]) -> dict[str, str]:
    """The values that an Fn::FindInMap may have, by the keys that are not known."""
    found: dict[str, Any] = {"": stack.template.get("Mappings")}
    for argument in arguments[:3]:
        key = stack.text(argument)
        literal = key.literal if key else None
        found = {
            f"{place}/{name}": value
            for place, node in found.items()
            if isinstance(node, dict)
            for name, value in node.items()
            if literal is None or str(name) == literal
        }
    return {place: canonical(value) for place, value in found.items()}


def _closure(template: Mapping[str, Any], name: str) -> str:
    """A condition and those that it refers to, as one string."""
    section = template.get("Conditions")
    conditions = section if isinstance(section, dict) else {}
    pending, seen = [name], set()
    while pending:
        each = pending.pop()
        if each not in seen:
            seen.add(each)
            written = canonical(conditions.get(each))
            pending += [other for other in conditions if isinstance(other, str) and f'"{other}"' in written]
    # Without its own name, which may change.
    return canonical([conditions.get(name), {each: conditions.get(each) for each in sorted(seen - {name})}])
