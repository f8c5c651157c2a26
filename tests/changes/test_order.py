"""Members of a list that have names are found by them; their order counts unless the schema says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.changes.outcomes import Change, Outcome
from phoenix_cfn.changes.preview import preview
from phoenix_cfn.changes.sides import Side


def change(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Change:
    before, after = (
        Side.of({"Resources": {"Thing": {"Type": kind, "Properties": each}}}, "one.yml", {}) for each in (old, new)
    )
    return preview(before, after).changes["Thing"]


def outcome(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Outcome:
    return change(kind, old, new).outcome


def policy(*sids: str) -> dict[str, Any]:
    statements = [{"Sid": each, "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["*"]} for each in sids]
    return {"PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}


def group(*keys: str) -> dict[str, Any]:
    return {"Tags": [{"Key": each, "Value": "x"} for each in keys]}


@pytest.mark.parametrize(
    ("kind", "make", "swapped"),
    [
        ("AWS::IAM::ManagedPolicy", policy, Outcome.UPDATED),
        ("AWS::Logs::LogGroup", group, Outcome.UNCHANGED),
    ],
)
def test_two_members_swapped(kind: str, make: Any, swapped: Outcome) -> None:
    """CloudFormation updates a policy whose statements stand in another order; the rehearsal saw it do so."""
    assert outcome(kind, make("A", "B"), make("B", "A")) is swapped
    assert outcome(kind, make("A", "B", "C"), make("B", "C", "A")) is swapped
    assert outcome(kind, make("A", "B"), make("A", "B")) is Outcome.UNCHANGED


def test_one_more_member_before_the_others_is_one_difference() -> None:
    [reason] = change("AWS::IAM::ManagedPolicy", policy("A", "B"), policy("C", "A", "B")).reasons
    assert (reason.property, reason.old) == ("PolicyDocument.Statement", "")
