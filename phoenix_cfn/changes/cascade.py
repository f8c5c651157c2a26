"""From two stacks to what happens to each resource: its own differences, and those that replaced resources pass on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from phoenix_cfn.cloudformation.nodes import MISSING, Resource
from phoenix_cfn.cloudformation.references import names_in
from phoenix_cfn.cloudformation.resource_types import resource_type
from phoenix_cfn.cloudformation.trees import Choice
from phoenix_cfn.cloudformation.values import Part, Ref, Text

from . import attributes, data, identity, nested
from .comparison import Comparison, Difference, is_latest
from .outcomes import Change, Data, Outcome, Reason, Verdict
from .shapes import Shape
from .sides import Side
from .updates import compute
from .updates.behavior import effect
from .updates.effects import Update

_ORDER = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html"
)
_NESTED = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html"
_NAMES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"
_TYPES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"
_SSM = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/cloudformation-supplied-parameter-types.html"
# A chain of references longer than any template has: where outcomes have not settled by then, they never do.
_MOST_ROUNDS = 500
_LONGEST_VALUE = 60


class Cascade:
    """What an update does to the resources of two stacks. `comparison` compares further values of them afterwards."""

    def __init__(self, old: Side, new: Side, perhaps: frozenset[str] = frozenset()) -> None:
        """`perhaps` are parameters whose value may change though it is not known."""
        self._sides = old, new
        self._old, self._new = old.stack, new.stack
        self._children: dict[str, tuple[Cascade, dict[str, Change]]] = {}
        self._both = [each for each in self._new.resources if each in self._old.resources]
        self._found: dict[str, Change] = {}
        self.comparison = Comparison(self._old, self._new, self._status)
        self._refetched = {name for name, raw in self._new.parameters.items() if _is_refetched(raw)} | perhaps
        self._users = self._used_by()

    def causes(self, raw: Any) -> tuple[str, ...]:
        """The resources that a value refers to and that the update changes."""
        return tuple(self.comparison.causes(raw))

    def changes(self) -> dict[str, Change]:
        """The change of each resource by logical id, in the order of the new template."""
        for name in self._new.resources:
            if name not in self._old.resources:
                added = Change(name, self._new.resources[name].type, Outcome.ADDED)
                self._found[name] = added
                added.reasons = list(self._dangling(self._new.resources[name]))
                added.outcome = Outcome.REFUSED if added.reasons else Outcome.ADDED
        pending = dict.fromkeys(self._both)
        rounds: dict[str, int] = defaultdict(int)
        while pending:
            name = next(iter(pending))
            del pending[name]
            before = self._found.get(name)
            after = self._assess(name)
            if before is not None and (before.outcome, _places(before)) == (after.outcome, _places(after)):
                continue
            rounds[name] += 1
            self._found[name] = after
            if rounds[name] < _MOST_ROUNDS and (before is not None or after.outcome is not Outcome.UNCHANGED):
                pending.update(dict.fromkeys(self._users.get(name, ())))
        for name, resource in self._old.resources.items():
            if name not in self._new.resources:
                self._found[name] = self._removed(resource)
        self._collide()
        for change in self._found.values():
            self._complete(change)
        ordered = [*self._new.resources, *(name for name in self._old.resources if name not in self._new.resources)]
        found = {name: self._found[name] for name in ordered}
        for name, (_, nested_changes) in self._children.items():
            for change in nested_changes.values():
                change.id = f"{name}.{change.id}"
                found[change.id] = change
        return found

    def _used_by(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._both:
            for target in names_in(self._new.resources[name].whole):
                if target in self._new.resources and target != name:
                    found[target].append(name)
        return found

    # References

    def _status(self, ref: Ref) -> Verdict:
        if ref.name in self._refetched:
            return Verdict.PERHAPS
        change = self._found.get(ref.name)
        if change is None:
            return Verdict.SAME
        if ref.name in self._children and ref.attribute.startswith("Outputs."):
            return self._children[ref.name][0].output(ref.attribute.removeprefix("Outputs."))
        return attributes.state(ref.attribute, change, (self._old, self._new), self._property)

    def output(self, name: str) -> Verdict:
        """Whether an output has the same value after the update."""
        values = [stack.section("Outputs").at(name, "Value").raw for stack in (self._old, self._new)]
        return self.comparison.verdict(*values)

    def _property(self, name: str, path: tuple[str, ...]) -> Verdict:
        """Whether a property of a resource is the same on both sides."""
        if name not in self._old.resources or name not in self._new.resources:
            return Verdict.DIFFERENT
        shape = self._shape(self._new.resources[name].type)
        for key in path:
            shape = shape.member(key)
        one, other = (stack.resources[name].at(*path) for stack in (self._old, self._new))
        return self.comparison.verdict(one.raw if one.given else MISSING, other.raw if other.given else MISSING, shape)

    def _shape(self, kind: str) -> Shape:
        known = resource_type(kind)
        return Shape.of(known.schema if known else None)

    # One resource

    def _assess(self, name: str) -> Change:
        before, after = self._old.resources[name], self._new.resources[name]
        if before.type != after.type:
            text = (
                f"CloudFormation does not change the type of a resource, here from {before.type}: it refuses the whole "
                "update"
            )
            reason = Reason(Outcome.REFUSED, text, "Type", before.type, after.type, source=_TYPES)
            return Change.of(name, after.type, [reason])
        reasons = [*self._presence(before, after), *self._dangling(after)]
        differences = self.comparison.differences(
            before.whole.get("Properties") or {}, after.whole.get("Properties") or {}, self._shape(after.type)
        )
        if after.type == nested.STACK:
            stack, known = self._nested(before, after)
            reasons += stack
            differences = [
                each for each in differences if not known or each.path[0] not in ("Parameters", "TemplateURL")
            ]
        for each in differences:
            reason = self._reason(before, after, each)
            # The latest value of the Parameter Store may be another one; only where that replaces is it worth a word.
            if reason.outcome is not Outcome.UPDATED or not is_latest(each):
                reasons.append(reason)
        if self.comparison.verdict(before.whole.get("Metadata"), after.whole.get("Metadata")):
            reasons.append(Reason(Outcome.UPDATED, "its Metadata changes", "Metadata"))
        reasons += self._as_a_whole(before, after, reasons)
        return Change.of(name, after.type, reasons)

    def _nested(self, before: Resource, after: Resource) -> tuple[list[Reason], bool]:
        """What a nested stack does, and whether its templates are known."""
        passed = {
            key: self.comparison.verdict(before["Parameters"][key].raw, after["Parameters"][key].raw)
            for key in after["Parameters"].keys
        }
        found = nested.sides(*self._sides, after.id, passed)
        if found is None:
            if before["TemplateURL"].literal == after["TemplateURL"].literal and nested.is_fixed(after):
                return [], False
            return [Reason(Outcome.UNKNOWN, "its template is not known", "TemplateURL", source=_NESTED)], False
        child = Cascade(*found)
        changes = child.changes()
        self._children[after.id] = child, changes
        outcome = nested.outcome(changes)
        if outcome is Outcome.UNCHANGED:
            return [], True
        return [Reason(outcome, "resources of the nested stack change", "TemplateURL", source=_NESTED)], True

    def _presence(self, before: Resource, after: Resource) -> Iterator[Reason]:
        """A condition that is not known decides whether the resource exists."""
        conditions = [each.whole.get("Condition") for each in (before, after)]
        known = [each.stack.holds(condition) for each, condition in zip((before, after), conditions, strict=True)]
        alike = known[0] is known[1] and not self.comparison.condition(*map(str, conditions))
        if None in known and not alike:
            shown = ", ".join(dict.fromkeys(str(each) for each in conditions if each))
            yield Reason(
                Outcome.UNKNOWN, f"it exists only under the condition {shown}, which is not known", "Condition"
            )

    def _dangling(self, after: Resource) -> Iterator[Reason]:
        """References to what the new template does not have: CloudFormation refuses such a template."""
        for reference in after.references():
            target = reference.target
            gone = target not in self._new.resources and target in self._old.resources
            # A dependency on a resource whose condition does not hold is none.
            if reference.function == "DependsOn" and target in self._new.template["Resources"]:
                continue
            if gone and reference.function != "Condition" and target not in self._new.parameters:
                yield Reason(
                    Outcome.REFUSED,
                    f"it refers to {target}, which the new template does not have",
                    ".".join(map(str, reference.path[3:])),
                )
                return

    def _reason(self, before: Resource, after: Resource, difference: Difference) -> Reason:
        found = effect(Update(before, after, difference), resource_type(after.type))
        text, certain = found.text, difference.verdict is not Verdict.PERHAPS
        if not certain:
            text += f"; whether the value differs depends on {self._doubt(difference)}"
        hidden = self._is_secret(difference)
        old, new = ("", "") if hidden else (shown(difference.old), shown(difference.new))
        place = ".".join(difference.path)
        return Reason(found.outcome, text, place, old, new, difference.because, found.source, certain)

    def _doubt(self, difference: Difference) -> str:
        names: dict[str, None] = dict.fromkeys(difference.because)
        for each in (difference.old, difference.new):
            names.update(dict.fromkeys(_unknown_in(each)))
        return ", ".join(names) or "what only the deployment knows"

    def _is_secret(self, difference: Difference) -> bool:
        secret = {
            name
            for stack in (self._old, self._new)
            for name, raw in stack.parameters.items()
            if str(raw.get("NoEcho")).lower() == "true"
        }
        named = {ref.name for each in (difference.old, difference.new) if isinstance(each, Text) for ref in each.refs}
        last = difference.path[-1].lower() if difference.path else ""
        return bool(secret & named) or "password" in last or "secretstring" in last

    def _as_a_whole(self, before: Resource, after: Resource, reasons: list[Reason]) -> Iterator[Reason]:
        """What a replacement makes of the name, and what a type does not take beside a replacement."""
        together = compute.beside(after, {each.property.partition(".")[0] for each in reasons})
        if together is not None:
            yield Reason(together.outcome, together.text, source=together.source)
        yield from self._in_another_network(after, reasons)
        heaviest = max((each.outcome for each in reasons), key=lambda each: each.rank, default=Outcome.UNCHANGED)
        if heaviest not in (Outcome.REPLACED, Outcome.MAY_BE_REPLACED):
            return
        certain = heaviest is Outcome.REPLACED
        together = compute.service_refuses(before, after, certain)
        if together is not None:
            yield Reason(together.outcome, together.text, source=together.source)
        known = resource_type(after.type)
        if known is not None and known.deleted_first:
            return
        kept = identity.kept(before, after, lambda name: self._property(after.id, (name,)))
        if kept:
            what = ", ".join(f"{name} {shown_node(after, name)}" for name in kept)
            text = (
                f"the new resource is created before the old one is deleted, and both would have {what}: "
                "CloudFormation or the service refuses it. Give it another name or address in the same update"
            )
            yield Reason(
                Outcome.REFUSED if certain else Outcome.MAY_BE_REPLACED, text, ".".join(kept[:1]), source=_NAMES
            )

    def _in_another_network(self, after: Resource, reasons: list[Reason]) -> Iterator[Reason]:
        """What stays in its network does not take subnets of another one."""
        bound = compute.BOUND_TO_NETWORK.get(after.type)
        for reason in reasons:
            moved = [name for name in reason.because if self._has_moved(name)]
            if bound is not None and reason.property == bound and moved and reason.outcome is not Outcome.REPLACED:
                text = f"{', '.join(moved)} moves to another VPC, and the resource cannot follow: it stays in its own"
                yield Reason(Outcome.REFUSED, text, bound, because=tuple(moved), source=reason.source)
                return

    def _has_moved(self, name: str) -> bool:
        change = self._found.get(name)
        return (
            change is not None
            and change.type == "AWS::EC2::Subnet"
            and any(each.property == "VpcId" and each.outcome is Outcome.REPLACED for each in change.reasons)
        )

    # Resources that come and go

    def _removed(self, resource: Resource) -> Change:
        return Change(resource.id, resource.type, Outcome.REMOVED, data=data.removed(resource))

    def _collide(self) -> None:
        """Names and addresses that a new resource takes while an old one still has them."""
        holders: dict[tuple[str, ...], list[Resource]] = defaultdict(list)
        for resource in self._old.resources.values():
            for claim in identity.claims(resource):
                holders[claim].append(resource)
        for name, change in self._found.items():
            if change.outcome not in (Outcome.ADDED, Outcome.REPLACED):
                continue
            after = self._new.resources[name]
            for before in [holder for claim in identity.claims(after) for holder in holders.get(claim, ())]:
                kept = self._shared(before, after) if before.id != name else ()
                if kept:
                    change.outcome = Outcome.REFUSED
                    change.reasons.insert(0, _taken(before, after, kept))
                    break

    def _shared(self, before: Resource, after: Resource) -> tuple[str, ...]:
        def same(name: str) -> Verdict:
            return self.comparison.verdict(before[name].raw, after[name].raw)

        return identity.shared(before, after, same)

    def _complete(self, change: Change) -> None:
        """The data and the order, which follow from the outcome; what the properties lose while a resource stays."""
        before, after = self._old.resources.get(change.id), self._new.resources.get(change.id)
        if before is None or after is None:
            return
        if change.outcome in (Outcome.REPLACED, Outcome.MAY_BE_REPLACED):
            known = resource_type(change.type)
            change.order = "delete-first" if known is not None and known.deleted_first else "create-first"
            change.data = data.replaced(before, after)
            return
        if change.outcome is Outcome.REFUSED:
            return
        for name in data.RETENTION.get(change.type, ()):
            earlier, later = before[name].number, after[name].number
            if later is not None and (
                earlier is None
                if change.type == "AWS::Logs::LogGroup" and not before[name].given
                else earlier is not None and later < earlier
            ):
                change.data = Data.LOST
                change.reasons.append(Reason(Outcome.UPDATED, "what is older than the new period is deleted", name))


def _taken(before: Resource, after: Resource, names: tuple[str, ...]) -> Reason:
    what = ", ".join(f"{each} {shown_node(after, each)}" for each in names)
    text = (
        f"{before.id} has {what} until the update has succeeded: the new resource cannot be created. Give it another "
        "one, or remove the old one a release earlier"
    )
    return Reason(Outcome.REFUSED, text, names[0], because=(before.id,), source=_ORDER)


def _places(change: Change) -> list[tuple[str, Outcome, tuple[str, ...]]]:
    return [(each.property, each.outcome, each.because) for each in change.reasons]


def _is_refetched(parameter: dict[str, Any]) -> bool:
    """Whether CloudFormation reads the value of a parameter again at each update."""
    return str(parameter.get("Type")).startswith("AWS::SSM::Parameter::Value<")


def _unknown_in(value: Any) -> Iterator[str]:
    if isinstance(value, Text):
        yield from (ref.name for ref in value.refs if ref.literal is None and not ref.name.startswith("Fn::"))
    elif isinstance(value, Choice):
        yield value.condition


def shown(value: Any) -> str:
    """A value as a person reads it, in one short line."""
    if value is MISSING:
        return ""
    if isinstance(value, Text):
        line = value.literal if value.literal is not None else "".join(map(_shown_part, value.parts))
    elif isinstance(value, Choice):
        line = f"{shown(value.yes)} or {shown(value.no)}"
    elif isinstance(value, list):
        line = f"[{', '.join(shown(each) for each in value[:4])}{', ...' if len(value) > 4 else ''}]"
    elif isinstance(value, dict):
        line = "{" + ", ".join(f"{key}: {shown(each)}" for key, each in list(value.items())[:4]) + "}"
    else:
        line = str(value)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_VALUE else line[: _LONGEST_VALUE - 3] + "..."


def _shown_part(part: Part) -> str:
    if isinstance(part, str):
        return part
    return f"${{{part.name} {part.attribute}}}" if part.name.startswith("Fn::") else f"${{{part}}}"


def shown_node(resource: Resource, name: str) -> str:
    text = resource[name].text
    return shown(text) if text is not None else ""
