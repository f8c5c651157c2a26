"""What an update means beside its resources: parameters, outputs, exports, the size of the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from phoenix_cfn.cloudformation.limits import INLINE_BYTES
from phoenix_cfn.cloudformation.nodes import MISSING
from phoenix_cfn.costs import costs_of
from phoenix_cfn.costs.prices import prices

from .outcomes import Change, Outcome, Verdict
from .sides import Side

if TYPE_CHECKING:
    from .cascade import Cascade

_LIMITS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_EXPORTS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"
_PARAMETERS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
_MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}


@dataclass(frozen=True)
class Finding:
    """What is to be known of the stack as a whole. `kind` is parameter, output, export, limit, role or cost."""

    kind: str
    subject: str
    outcome: Outcome
    text: str
    source: str = ""


@dataclass(frozen=True)
class Around:
    """What is known beside the two templates.

    `passed` are the parameters that a pipeline passes, None where that is not known; `imported` are the export names
    that other templates import, as far as they are known.
    """

    passed: frozenset[str] | None = None
    imported: frozenset[str] = field(default_factory=frozenset)
    others: tuple[Finding, ...] = ()


def findings(old: Side, new: Side, cascade: Cascade, changes: Mapping[str, Change], around: Around) -> list[Finding]:
    return [
        *_parameters(old, new, around),
        *_outputs(old, new, cascade, around),
        *_stale(new, changes),
        *_limits(new),
        *_costs(old, new),
        *around.others,
    ]


def _parameters(old: Side, new: Side, around: Around) -> Iterator[Finding]:
    """Parameters that the update needs and nobody gives; defaults that a stack with an earlier value does not take."""
    for name, declared in new.parameters.items():
        given = name in new.stack.scenario.values or (around.passed is not None and name in around.passed)
        if name not in old.parameters:
            if "Default" not in declared and not given:
                yield Finding(
                    "parameter",
                    name,
                    Outcome.REFUSED,
                    "it is new and has no default: the update is refused unless its value is passed"
                    + ("; the pipeline does not pass it" if around.passed is not None else ""),
                    _PARAMETERS,
                )
            continue
        before, after = old.parameters[name].get("Default"), declared.get("Default")
        if before != after and not given and after is not None:
            yield Finding(
                "parameter",
                name,
                Outcome.UPDATED,
                f"its default changes from {_shown(before, declared)} to {_shown(after, declared)}; a deployment that "
                "keeps the earlier value, as `aws cloudformation deploy` does, does not take it",
                _PARAMETERS,
            )
    for name in old.parameters:
        if name not in new.parameters and around.passed is not None and name in around.passed:
            yield Finding(
                "parameter",
                name,
                Outcome.REFUSED,
                "the pipeline passes it, and the new template has no such parameter",
                _PARAMETERS,
            )


def _shown(value: Any, declared: dict[str, Any]) -> str:
    if str(declared.get("NoEcho")).lower() == "true":
        return "a hidden value"
    return "none" if value is None else repr(str(value))


def _outputs(old: Side, new: Side, cascade: Cascade, around: Around) -> Iterator[Finding]:
    """Outputs whose value changes, such as the address that users open, and exports that other stacks may use."""
    before, after = (_live_outputs(side) for side in (old, new))
    exports = {name: _export(side, raw) for side, raws in ((old, before),) for name, raw in raws.items()}
    for name, raw in before.items():
        export, then = exports[name], after.get(name)
        verdict = Verdict.DIFFERENT if then is None else cascade.comparison.verdict(raw.get("Value"), then.get("Value"))
        renamed = then is not None and cascade.comparison.verdict(raw.get("Export"), then.get("Export"))
        if export is not None and (verdict or renamed):
            yield _changed_export(name, export, around, gone=then is None or renamed is Verdict.DIFFERENT)
        elif then is None:
            yield Finding("output", name, Outcome.REMOVED, "it is removed; what reads it finds nothing")
        elif verdict:
            perhaps = "perhaps " if verdict is Verdict.PERHAPS else ""
            causes = cascade.causes(then.get("Value"))
            why = f" because of {', '.join(causes)}" if causes else ""
            yield Finding(
                "output",
                name,
                Outcome.UPDATED,
                f"its value {perhaps}changes{why}: what reads it, and who has noted it, needs the new one",
            )


def _changed_export(name: str, export: str, around: Around, gone: bool) -> Finding:
    what = "removed" if gone else "changed"
    if export in around.imported:
        return Finding(
            "export",
            name,
            Outcome.REFUSED,
            f"the export {export} is {what}, and another template imports it: CloudFormation refuses the update",
            _EXPORTS,
        )
    return Finding(
        "export",
        name,
        Outcome.UNKNOWN,
        f"the export {export} is {what}: CloudFormation refuses the update if another stack imports it",
        _EXPORTS,
    )


def _live_outputs(side: Side) -> dict[str, dict[str, Any]]:
    section = side.stack.template.get("Outputs")
    return {
        str(name): raw
        for name, raw in (section.items() if isinstance(section, dict) else ())
        if isinstance(raw, dict) and side.stack.holds(raw.get("Condition")) is not False
    }


def _export(side: Side, raw: dict[str, Any]) -> str | None:
    """The name of an export as text; None for an output that is not exported."""
    export = raw.get("Export")
    name = export.get("Name", MISSING) if isinstance(export, dict) else MISSING
    if name is MISSING:
        return None
    text = side.stack.text(name)
    return "" if text is None else text.literal if text.literal is not None else str(text)


# What tasks read when they start, and the properties that have its value.
_READ_AT_START = {"AWS::SecretsManager::Secret": "SecretString", "AWS::SSM::Parameter": "Value"}
_SECRETS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"


def _stale(new: Side, changes: Mapping[str, Change]) -> Iterator[Finding]:
    """Values that change in place while the tasks that read them stay: they have the earlier value."""
    for change in changes.values():
        value = _READ_AT_START.get(change.type)
        if change.outcome is not Outcome.UPDATED or not any(value in each.property for each in change.reasons if value):
            continue
        for task in new.stack.of("AWS::ECS::TaskDefinition"):
            if change.id in task.named and changes[task.id].outcome is Outcome.UNCHANGED:
                yield Finding(
                    "tasks",
                    task.id,
                    Outcome.UPDATED,
                    f"{change.id} has another value, which tasks read when "
                    "they start: those that run keep the earlier one. Start a deployment of the service",
                    _SECRETS,
                )


def _limits(new: Side) -> Iterator[Finding]:
    size = len(new.text.encode("utf-8", errors="surrogatepass"))
    if size > INLINE_BYTES:
        yield Finding(
            "limit",
            "size",
            Outcome.UPDATED,
            f"the template has {size:,} bytes, more than the {INLINE_BYTES:,} of a call: it is deployed from a bucket",
            _LIMITS,
        )
    if size > 1_000_000:
        yield Finding(
            "limit",
            "size",
            Outcome.REFUSED,
            f"the template has {size:,} bytes, more than the 1,000,000 of a template in a bucket",
            _LIMITS,
        )
    for section, most in _MOST.items():
        count = len(new.stack.template.get(section) or ())
        if count > most:
            yield Finding(
                "limit", section, Outcome.REFUSED, f"the template has {count} {section}, a stack {most}", _LIMITS
            )


def _costs(old: Side, new: Side) -> Iterator[Finding]:
    """The difference of what both sides cost by being there, where the table of prices has it."""
    before, after = costs_of(old.stack), costs_of(new.stack)
    difference = after.monthly - before.monthly
    if abs(difference) < 0.01:
        return
    table = prices()
    counted = {each.what: each.count for each in before.lines}
    without = [each.what for each in after.lines if each.price is None and counted.get(each.what) != each.count]
    yield Finding(
        "cost",
        "month",
        Outcome.UPDATED,
        f"{difference:+,.2f} {table.currency}, from {before.monthly:,.2f} to {after.monthly:,.2f}, at the least number "
        f"of tasks; prices of {table.region}, {table.date}" + (f"; without {', '.join(without)}" if without else ""),
    )
