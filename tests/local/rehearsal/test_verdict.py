"""The preview beside what was seen: a wrong prediction is a contradiction, whichever way it is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from phoenix_cfn.changes.outcomes import Change, Data, Outcome, Reason
from phoenix_cfn.changes.preview import Preview
from phoenix_cfn.changes.surroundings import Finding
from phoenix_cfn.local.rehearsal.seen import Seen
from phoenix_cfn.local.rehearsal.verdict import Agreement, Around, Check, around, checks

TOPIC, SERVICE = "AWS::SNS::Topic", "AWS::ECS::Service"
# What can be seen of a resource.
SEEN = (Outcome.ADDED, Outcome.REMOVED, Outcome.UNCHANGED, Outcome.UPDATED, Outcome.REPLACED, Outcome.REFUSED)
RIGHT = {
    (Outcome.ADDED, Outcome.ADDED),
    (Outcome.REMOVED, Outcome.REMOVED),
    (Outcome.UNCHANGED, Outcome.UNCHANGED),
    (Outcome.UPDATED, Outcome.UPDATED),
    (Outcome.INTERRUPTED, Outcome.UPDATED),
    (Outcome.REPLACED, Outcome.REPLACED),
    (Outcome.REFUSED, Outcome.REFUSED),
}
OPEN = {
    *((Outcome.UNKNOWN, seen) for seen in SEEN),
    *((Outcome.MAY_BE_REPLACED, seen) for seen in (Outcome.UNCHANGED, Outcome.UPDATED, Outcome.REPLACED)),
}


def change(outcome: Outcome, kind: str = TOPIC, data: Data | None = None, **reason: bool | str) -> Change:
    reasons = [] if outcome is Outcome.UNCHANGED else [Reason(outcome, "why", **{"property": "Name", **reason})]  # type: ignore[arg-type]
    return Change("Thing", kind, outcome, reasons, data)


def preview(*changes: Change, findings: Iterable[Finding] = ()) -> Preview:
    return Preview("one.yml", "old", "new", {each.id: each for each in changes}, list(findings))


def check(predicted: Change, seen: Seen) -> Check:
    [found] = checks(preview(predicted), {"Thing": seen})
    return found


@pytest.mark.parametrize("seen", SEEN, ids=str)
@pytest.mark.parametrize("predicted", Outcome, ids=str)
def test_every_prediction_with_everything_that_can_be_seen(predicted: Outcome, seen: Outcome) -> None:
    found = check(change(predicted), Seen(seen))
    pair = (predicted, seen)
    expected = Agreement.AGREES if pair in RIGHT else Agreement.OPEN if pair in OPEN else Agreement.CONTRADICTED
    assert (found.agreement, found.predicted, found.seen) == (expected, predicted, seen)


def test_a_contradiction_in_words() -> None:
    assert check(change(Outcome.UPDATED), Seen(Outcome.REPLACED)).text == (
        "the preview says updated, the resource is replaced"
    )
    assert check(change(Outcome.UPDATED), Seen(Outcome.REFUSED, "no such port")).text == (
        "the preview says updated, the resource is not updated: it fails: no such port"
    )


def test_what_the_update_did_not_reach_is_open() -> None:
    for predicted in Outcome:
        assert check(change(predicted), Seen(None)).agreement is Agreement.OPEN


def test_tasks_that_do_not_run_are_no_matter_of_the_templates() -> None:
    found = check(change(Outcome.UPDATED, SERVICE), Seen(Outcome.REFUSED, "Task failed to start"))
    assert (found.agreement, "Task failed to start" in found.text) == (Agreement.OPEN, True)


def test_a_value_that_is_perhaps_another_may_be_the_same() -> None:
    assert check(change(Outcome.UPDATED, certain=False), Seen(Outcome.UNCHANGED)).agreement is Agreement.OPEN
    assert check(change(Outcome.UPDATED, certain=False), Seen(Outcome.REPLACED)).agreement is Agreement.CONTRADICTED


def test_metadata_alone_is_not_shown_by_the_local_aws() -> None:
    assert check(change(Outcome.UPDATED, property="Metadata"), Seen(Outcome.UNCHANGED)).agreement is Agreement.OPEN


@pytest.mark.parametrize("outcome", [Outcome.REMOVED, Outcome.REPLACED], ids=str)
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("data", Data, ids=str)
def test_the_data_of_what_goes(outcome: Outcome, data: Data, kept: bool) -> None:
    found = check(change(outcome, data=data), Seen(outcome, kept=kept))
    right = kept is (data is Data.KEPT)
    assert found.agreement is (Agreement.AGREES if right else Agreement.CONTRADICTED)


def test_a_resource_that_the_preview_does_not_have() -> None:
    found = checks(preview(), {"Thing": Seen(Outcome.ADDED)})
    assert [each.agreement for each in found] == [Agreement.CONTRADICTED]


# Beside the resources


def beside(
    *changes: Change,
    failed: bool = False,
    unanswered: int = 0,
    data: bool | None = True,
    findings: Iterable[Finding] = (),
) -> str:
    return "; ".join(around([preview(*changes, findings=findings)], Around(failed, 100, unanswered, data)))


def test_nothing_to_say() -> None:
    assert beside(change(Outcome.UPDATED)) == ""


def test_an_update_that_is_refused_does_not_succeed() -> None:
    assert "refused (Thing), and it succeeds" in beside(change(Outcome.REFUSED))
    assert beside(change(Outcome.REFUSED), failed=True) == ""
    needed = Finding("parameter", "Port", Outcome.REFUSED, "it is new")
    assert "refused (Port), and it succeeds" in beside(findings=[needed])


def test_requests_that_fail_during_updates_in_place() -> None:
    assert "3 of 100 requests failed" in beside(change(Outcome.UPDATED), unanswered=3)
    assert beside(change(Outcome.INTERRUPTED), unanswered=3) == ""
    assert beside(change(Outcome.REPLACED), unanswered=3) == ""
    assert "3 of 100" in beside(change(Outcome.REPLACED, "AWS::ECS::TaskDefinition"), unanswered=3)


@pytest.mark.parametrize(
    ("predicted", "there", "says"),
    [
        (Outcome.UPDATED, False, "data is kept, and it is gone"),
        (Outcome.REPLACED, True, "data is gone, and it is there"),
        (Outcome.REPLACED, False, ""),
        (Outcome.UPDATED, True, ""),
        (Outcome.UNKNOWN, False, ""),
        (Outcome.UPDATED, None, ""),
    ],
)
def test_the_database(predicted: Outcome, there: bool | None, says: str) -> None:
    found = beside(change(predicted, "AWS::DocDB::DBCluster"), data=there)
    assert (says in found) if says else (found == "")


def test_a_failed_update_keeps_the_database_whatever_it_would_have_done() -> None:
    replaced = change(Outcome.REPLACED, "AWS::DocDB::DBCluster")
    assert beside(replaced, failed=True, data=True) == ""
    assert "data is kept, and it is gone" in beside(replaced, failed=True, data=False)
