"""The preview beside what a rehearsal saw: where they agree, where one contradicts the other, and what stays open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from phoenix_cfn.changes.outcomes import Change, Data, Outcome, Word
from phoenix_cfn.changes.preview import Preview
from phoenix_cfn.local.rehearsal.seen import Seen

# What a prediction admits. An interruption shows in the requests, not in the resource: it is updated in place.
_ADMITTED: dict[Outcome, tuple[Outcome, ...]] = {
    Outcome.ADDED: (Outcome.ADDED,),
    Outcome.REMOVED: (Outcome.REMOVED,),
    Outcome.UNCHANGED: (Outcome.UNCHANGED,),
    Outcome.UPDATED: (Outcome.UPDATED,),
    Outcome.INTERRUPTED: (Outcome.UPDATED,),
    Outcome.MAY_BE_REPLACED: (Outcome.UNCHANGED, Outcome.UPDATED, Outcome.REPLACED),
    Outcome.REPLACED: (Outcome.REPLACED,),
    Outcome.REFUSED: (Outcome.REFUSED,),
}
# Outcomes that name more than an update in place: the preview has said that something may stop for a while.
_DISTURBING = (Outcome.INTERRUPTED, Outcome.REPLACED, Outcome.REMOVED, Outcome.MAY_BE_REPLACED, Outcome.UNKNOWN)
# Replaced at every release: that tasks are replaced does not stop the requests.
_REVISIONS = "AWS::ECS::TaskDefinition"
_SERVICE = "AWS::ECS::Service"
_CLUSTER = "AWS::DocDB::DBCluster"


class Agreement(Word):
    """Of a prediction with what happened."""

    AGREES = "agrees"
    OPEN = "open"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True)
class Check:
    """One resource: what the preview says, what was seen, and how they go together; `text` says why not."""

    template: str
    id: str
    type: str
    predicted: Outcome
    seen: Outcome | None
    agreement: Agreement
    text: str = ""


def checks(preview: Preview, found: Mapping[str, Seen]) -> list[Check]:
    """Of every resource that the preview or the stack has, in the order of the preview."""
    names = [*preview.changes, *(name for name in found if name not in preview.changes)]
    return [_check(preview, name, found.get(name, Seen(None))) for name in names]


def _check(preview: Preview, name: str, found: Seen) -> Check:
    change = preview.changes.get(name)
    if change is None:
        text = f"it is {found.outcome}, and the preview does not know it"
        return Check(preview.name, name, "", Outcome.UNKNOWN, found.outcome, Agreement.CONTRADICTED, text)
    agreement, text = _compared(change, found)
    return Check(preview.name, name, change.type, change.outcome, found.outcome, agreement, text)


def _compared(change: Change, found: Seen) -> tuple[Agreement, str]:
    predicted, outcome = change.outcome, found.outcome
    if outcome is None:
        return Agreement.OPEN, "the update failed before it reached the resource"
    if predicted is Outcome.UNKNOWN:
        return Agreement.OPEN, "the preview does not know"
    if outcome is Outcome.REFUSED and predicted is not Outcome.REFUSED and change.type == _SERVICE:
        return Agreement.OPEN, f"its tasks do not run, which no template says: {found.reason}"
    if outcome not in _ADMITTED[predicted]:
        if outcome is Outcome.UNCHANGED and not any(_shows(change)):
            return Agreement.OPEN, "the local AWS does not show whether it changes"
        reason = f": {found.reason}" if found.reason else ""
        return Agreement.CONTRADICTED, f"the preview says {predicted}, the resource is {_word(outcome)}{reason}"
    leaves = predicted in (Outcome.REMOVED, Outcome.REPLACED) and change.data is not None
    if leaves and found.kept != (change.data is Data.KEPT):
        kept = "is kept" if found.kept else "is deleted"
        return Agreement.CONTRADICTED, f"the preview says data {change.data}, the old resource {kept}"
    if predicted is Outcome.MAY_BE_REPLACED:
        return Agreement.OPEN, "the preview leaves it open"
    return Agreement.AGREES, ""


def _shows(change: Change) -> Iterator[bool]:
    """For each reason, whether the local AWS shows it: not a doubt about a value, and not Metadata."""
    return (each.certain and each.property != "Metadata" for each in change.reasons)


def _word(outcome: Outcome) -> str:
    return "not updated: it fails" if outcome is Outcome.REFUSED else str(outcome)


@dataclass(frozen=True)
class Around:
    """What was seen beside the resources: whether the update failed, requests, and the document in the database.

    `data` is None where there is no database, or where it could not be read.
    """

    failed: bool
    requests: int
    unanswered: int
    data: bool | None


def around(previews: Sequence[Preview], found: Around) -> Iterator[str]:
    """Contradictions beside the resources, in words."""
    changes = [change for preview in previews for change in preview.changes.values()]
    refused = [change.id for change in changes if change.outcome is Outcome.REFUSED]
    refused += [each.subject for preview in previews for each in preview.findings if each.outcome is Outcome.REFUSED]
    if refused and not found.failed:
        yield f"the preview says that the update is refused ({', '.join(refused)}), and it succeeds"
    if found.unanswered and not found.failed and not any(map(_disturbs, changes)):
        yield (
            f"{found.unanswered} of {found.requests} requests failed, and the preview names only updates in place. "
            "Look whether the new version answers with errors"
        )
    expected = _keeps_the_data(changes, found.failed)
    if None not in (expected, found.data) and expected != found.data:
        there = "there" if found.data else "gone"
        yield f"the preview says that the data is {'kept' if expected else 'gone'}, and it is {there}"


def _disturbs(change: Change) -> bool:
    return change.outcome in _DISTURBING and change.type != _REVISIONS


def _keeps_the_data(changes: Sequence[Change], failed: bool) -> bool | None:
    """Whether the stage has the same cluster afterwards; None where the preview does not know."""
    outcomes = {change.outcome for change in changes if change.type == _CLUSTER}
    if not failed and outcomes & {Outcome.UNKNOWN, Outcome.MAY_BE_REPLACED}:
        return None
    return failed or not outcomes & {Outcome.REMOVED, Outcome.REPLACED}
