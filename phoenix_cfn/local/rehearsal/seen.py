"""What an update did to each resource of a stack: from its events, and from the identifiers before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from phoenix_cfn.changes.outcomes import Outcome

# CloudFormation: "Requested update requires the creation of a new physical resource; hence creating one."
_REPLACES = "creation of a new physical resource"
_ROLLBACK = "UPDATE_ROLLBACK_IN_PROGRESS"

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What happened to a resource.

    `outcome` is one of added, removed, unchanged, updated, replaced, and refused for one that failed; None where the
    update failed before it reached the resource. `kept`: the stack gave up the old resource, which still exists.
    """

    outcome: Outcome | None
    reason: str = ""
    kept: bool = False


def seen(stack: str, before: Mapping[str, str], after: Mapping[str, str], events: Sequence[Event]) -> dict[str, Seen]:
    """By logical id. `before` and `after` are the physical ids, `events` those of the updates between, oldest first."""
    found: dict[str, Seen] = {}
    operations = [_forward(stack, each) for each in _operations(stack, events)]
    failed = bool(operations) and operations[-1].rolled_back
    for number, operation in enumerate(operations, start=1):
        # What an earlier attempt was refused, a later one may have done.
        if not operation.rolled_back or number == len(operations):
            for event in operation.events:
                name = str(event["LogicalResourceId"])
                found[name] = _heavier(found.get(name), _of(event, before.get(name)))
    for name in [*before, *(each for each in after if each not in before)]:
        default = Seen(None if failed else Outcome.UNCHANGED)
        known = found.setdefault(name, default)
        if not failed and before.get(name) != after.get(name):
            outcome = _compared(before.get(name), after.get(name))
            found[name] = replace(known, outcome=outcome)
    return found


@dataclass(frozen=True)
class _Operation:
    """The events of resources until it is complete, or begins to roll back."""

    events: tuple[Event, ...]
    rolled_back: bool


def _operations(stack: str, events: Sequence[Event]) -> Iterator[list[Event]]:
    current: list[Event] = []
    for event in events:
        begins = event["LogicalResourceId"] == stack and event["ResourceStatus"] == "UPDATE_IN_PROGRESS"
        if begins and current:
            yield current
            current = []
        current.append(event)
    if current:
        yield current


def _forward(stack: str, events: Sequence[Event]) -> _Operation:
    kept: list[Event] = []
    for event in events:
        if event["LogicalResourceId"] != stack:
            kept.append(event)
        elif event["ResourceStatus"] == _ROLLBACK:
            return _Operation(tuple(kept), rolled_back=True)
    return _Operation(tuple(kept), rolled_back=False)


def _of(event: Event, before: str | None) -> Seen:
    status, reason = str(event["ResourceStatus"]), str(event.get("ResourceStatusReason") or "")
    if status in ("CREATE_FAILED", "UPDATE_FAILED"):
        return Seen(Outcome.REFUSED, reason)
    if status == "DELETE_SKIPPED":
        return Seen(Outcome.UNCHANGED, kept=True)
    if status.startswith("CREATE_"):
        return Seen(Outcome.ADDED)
    if status.startswith("DELETE_"):
        return Seen(Outcome.UNCHANGED, reason)
    now = event.get("PhysicalResourceId")
    if _REPLACES in reason or (status == "UPDATE_COMPLETE" and before and now and now != before):
        return Seen(Outcome.REPLACED)
    return Seen(Outcome.UPDATED)


def _heavier(one: Seen | None, other: Seen) -> Seen:
    if one is None:
        return other
    first, second = (each.outcome.rank if each.outcome else -1 for each in (one, other))
    return replace(one if first >= second else other, kept=one.kept or other.kept)


def _compared(before: str | None, after: str | None) -> Outcome:
    if before is None:
        return Outcome.ADDED
    return Outcome.REMOVED if after is None else Outcome.REPLACED
