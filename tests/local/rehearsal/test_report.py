"""What a rehearsal prints, and when it passes; with a preview that is wrong on purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.changes.sides import Side
from phoenix_cfn.local.rehearsal.rehearsal import Rehearsal
from phoenix_cfn.local.rehearsal.release import Release, StackUpdate
from phoenix_cfn.local.rehearsal.report import as_json, as_text
from phoenix_cfn.local.rehearsal.seen import Seen

PARTS = [("Update of the pipeline stack", 1.25), ("Release", 20.0)]


def side(network: str) -> Side:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": network}}
    return Side.of({"Resources": {"Vpc": vpc, "Topic": {"Type": "AWS::SNS::Topic"}}}, "one.yml", {})


def release(outcome: Outcome = Outcome.REPLACED, **others: Any) -> Release:
    """Of another network, which replaces a VPC."""
    found = {"Vpc": Seen(outcome), "Topic": Seen(Outcome.UNCHANGED)}
    done = Release(
        updates=(StackUpdate("one.yml", side("10.0.0.0/16"), side("10.1.0.0/16"), found, rolled_back=False),),
        failures=(),
        notes=(),
        requests=200,
        unanswered={},
        disturbed=0.0,
        data=True,
    )
    return replace(done, **others)


def rehearsal(outcome: Outcome = Outcome.REPLACED, **others: Any) -> Rehearsal:
    return Rehearsal.of("v1.0.0", release(outcome, **others), PARTS)


def test_as_predicted() -> None:
    found = rehearsal()
    assert found.passed
    assert as_text(found) == (
        "From v1.0.0 to the working tree\n"
        "  release         succeeded\n"
        "  requests        200 sent, 0 failed\n"
        "  data            kept: the document put in before the release is in the database that the tasks use\n"
        "\n"
        "one.yml: 1 unchanged, as predicted\n"
        "  seen            predicted         resource\n"
        "  replaced        replaced        = Vpc  AWS::EC2::VPC\n"
        "\n"
        "Contradictions of the preview: none\n"
        "\n"
        "Seconds; one of AWS's lasts 0.1 here\n"
        "     1.2  Update of the pipeline stack\n"
        "    20.0  Release\n"
    )


def test_a_preview_that_is_wrong_is_contradicted() -> None:
    """The rules of the preview say replaced; what was seen says otherwise."""
    found = rehearsal(Outcome.UPDATED)
    assert not found.passed
    text = as_text(found)
    assert "  updated         replaced        ! Vpc" in text
    assert (
        "Contradictions of the preview: 1\n  one.yml, Vpc: the preview says replaced, the resource is updated" in text
    )
    assert as_json(found)["contradictions"] == ["one.yml, Vpc: the preview says replaced, the resource is updated"]


def test_json() -> None:
    found = as_json(rehearsal())
    assert (found["from"], found["passed"], found["data"]) == ("v1.0.0", True, "kept")
    assert found["release"] == {"succeeded": True, "rolled_back": [], "failures": [], "notes": []}
    assert found["requests"] == {"sent": 200, "failed": 0, "by_status": {}, "disturbed_seconds": 0.0}
    assert found["resources"]["one.yml"]["Vpc"] == {
        "type": "AWS::EC2::VPC",
        "predicted": "replaced",
        "seen": "replaced",
        "agreement": "agrees",
        "text": "",
    }
    assert found["seconds"][1] == {"part": "Release", "seconds": 20.0}


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"failures": ("Deploy: no such port",)}, "  release         failed\n                  Deploy: no such port\n"),
        ({"unanswered": {503: 2, 0: 1}, "disturbed": 1.5}, "1 without an answer, 2 with 503; 1.5 s from the first"),
        ({"data": False}, "  data            lost: "),
    ],
)
def test_what_does_not_pass(others: dict[str, Any], says: str) -> None:
    found = rehearsal(**others)
    assert says in as_text(found)
    assert not found.passed
    assert not as_json(found)["passed"]


def test_what_was_not_reached_and_what_failed() -> None:
    update = release().updates[0]
    found = {"Vpc": Seen(Outcome.REFUSED, "in use"), "Topic": Seen(None)}
    text = as_text(rehearsal(failures=("it fails",), updates=(replace(update, seen=found, rolled_back=True),)))
    assert "  release         failed, one.yml rolled back\n" in text
    assert "  failed          replaced        ! Vpc" in text
    assert "one.yml: 0 unchanged, as predicted; 1 that would be, which the update did not reach\n" in text
    assert "Topic" not in text
