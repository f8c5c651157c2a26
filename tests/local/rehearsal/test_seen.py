"""What an update did to each resource, read from the events of its stack and from identifiers."""

from __future__ import annotations

import pytest

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.local.rehearsal.seen import Event, Seen, seen

STACK = "dev-stack"
REPLACES = "Requested update requires the creation of a new physical resource; hence creating one."
BEGIN = ("UPDATE_IN_PROGRESS", "User Initiated")


def event(name: str, status: str, reason: str = "", physical_id: str = "") -> Event:
    return {
        "LogicalResourceId": name,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "PhysicalResourceId": physical_id,
    }


def update(*events: Event, end: str = "UPDATE_COMPLETE") -> list[Event]:
    return [event(STACK, *BEGIN), *events, event(STACK, end)]


def rolled_back(*events: Event) -> list[Event]:
    return [
        event(STACK, *BEGIN),
        *events,
        event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS"),
        *(event(str(each["LogicalResourceId"]), "UPDATE_COMPLETE") for each in events),
        event(STACK, "UPDATE_ROLLBACK_COMPLETE"),
    ]


def outcome(events: list[Event], before: str | None = "id-1", after: str | None = "id-1") -> Outcome | None:
    sides = [{"Thing": each} if each else {} for each in (before, after)]
    return seen(STACK, sides[0], sides[1], events)["Thing"].outcome


def test_what_has_no_event_is_unchanged() -> None:
    assert outcome(update()) is Outcome.UNCHANGED
    assert outcome([]) is Outcome.UNCHANGED


def test_in_place() -> None:
    assert outcome(update(event("Thing", "UPDATE_IN_PROGRESS"), event("Thing", "UPDATE_COMPLETE", "", "id-1"))) is (
        Outcome.UPDATED
    )


def test_the_event_says_that_it_replaces() -> None:
    """Also where the new resource has the identifier of the old one."""
    assert outcome(update(event("Thing", "UPDATE_IN_PROGRESS", REPLACES))) is Outcome.REPLACED


def test_another_identifier_is_another_resource() -> None:
    assert outcome(update(), after="id-2") is Outcome.REPLACED
    assert outcome(update(event("Thing", "UPDATE_COMPLETE", "", "id-2"))) is Outcome.REPLACED


def test_what_comes_and_what_goes() -> None:
    assert outcome(update(event("Thing", "CREATE_IN_PROGRESS")), before=None) is Outcome.ADDED
    assert outcome(update(), before=None) is Outcome.ADDED
    assert outcome(update(), after=None) is Outcome.REMOVED


def test_what_is_kept_outside_of_the_stack() -> None:
    found = seen(STACK, {"Thing": "id-1"}, {}, update(event("Thing", "DELETE_SKIPPED", "", "id-1")))
    assert found["Thing"] == Seen(Outcome.REMOVED, kept=True)


def test_a_resource_that_fails_and_those_behind_it() -> None:
    events = rolled_back(event("First", "UPDATE_IN_PROGRESS"), event("Thing", "UPDATE_FAILED", "no such port"))
    ids = {"First": "1", "Thing": "2", "Last": "3"}
    assert seen(STACK, ids, ids, events) == {
        "First": Seen(Outcome.UPDATED),
        "Thing": Seen(Outcome.REFUSED, "no such port"),
        "Last": Seen(None),
    }


def test_the_rollback_itself_is_no_change() -> None:
    """Identifiers may be others afterwards, and every change back has its event."""
    events = rolled_back(event("Thing", "UPDATE_FAILED", "no such port"))
    ids = {"Thing": "1", "Other": "2"}
    found = seen(STACK, ids, {**ids, "Other": "3"}, [*events[:-1], event("Other", "UPDATE_COMPLETE"), events[-1]])
    assert found["Other"] == Seen(None)


def test_of_two_updates_the_heavier_outcome_counts() -> None:
    first = update(event("Thing", "UPDATE_IN_PROGRESS", REPLACES))
    second = update(event("Thing", "UPDATE_IN_PROGRESS"), event("Thing", "UPDATE_COMPLETE", "", "id-2"))
    assert outcome([*first, *second], after="id-2") is Outcome.REPLACED


def test_an_attempt_that_failed_does_not_count_after_one_that_succeeded() -> None:
    first = rolled_back(event("Thing", "UPDATE_FAILED", "not yet"))
    assert outcome([*first, *update(event("Thing", "UPDATE_IN_PROGRESS"))]) is Outcome.UPDATED


def test_a_success_counts_before_a_failure() -> None:
    first = update(event("Thing", "UPDATE_IN_PROGRESS"))
    second = rolled_back(event("Other", "UPDATE_FAILED"))
    found = seen(STACK, {"Thing": "1", "Other": "2"}, {"Thing": "1", "Other": "2"}, [*first, *second])
    assert (found["Thing"].outcome, found["Other"].outcome) == (Outcome.UPDATED, Outcome.REFUSED)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED"])
def test_both_kinds_of_failures(status: str) -> None:
    assert outcome(rolled_back(event("Thing", status, "why"))) is Outcome.REFUSED


def test_an_old_resource_that_cannot_be_deleted_leaves_the_update_as_it_is() -> None:
    assert outcome(update(event("Thing", "DELETE_FAILED", "in use"))) is Outcome.UNCHANGED
