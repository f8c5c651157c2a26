"""The evaluator itself, on cases from AWS's documentation of policies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam.evaluator import Role

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


def role(*statements: dict[str, Any], boundary: dict[str, Any] | None = None) -> Role:
    return Role(({"Statement": list(statements)},), boundary)


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*"} | elements


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("sqs:SendMessage", "SQS:sendmessage", True),
        ("sqs:Send*", "sqs:SendMessage", True),
        ("sqs:SendMessag?", "sqs:SendMessage", True),
        ("sqs:Send", "sqs:SendMessage", False),
        ("*", "iam:CreateUser", True),
        ("sqs:*", "sns:Publish", False),
    ],
)
def test_actions(pattern: str, action: str, matches: bool) -> None:
    assert role(allow(Action=[pattern])).may(action, QUEUE) is matches
    assert role({"Effect": "Allow", "NotAction": [pattern], "Resource": "*"}).may(action, QUEUE) is not matches


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        (QUEUE, QUEUE, True),
        ("arn:aws:sqs:*:111122223333:*", QUEUE, True),
        ("arn:aws:sqs:eu-west-1:111122223333:order?", QUEUE, True),
        ("arn:aws:sqs:eu-west-1:111122223333:Orders", QUEUE, False),
        # A wildcard stays within its part of the ARN; the last part has colons and slashes.
        ("arn:aws:sqs:*:orders", QUEUE, False),
        ("arn:aws:logs:eu-west-1:1:log-group:a:*", "arn:aws:logs:eu-west-1:1:log-group:a:log-stream:b/c", True),
        # An action that is not limited to resources is only allowed on all of them.
        ("arn:aws:sqs:*:*:*", "*", False),
    ],
)
def test_resources(pattern: str, resource: str, matches: bool) -> None:
    assert role(allow(Resource=pattern)).may("sqs:SendMessage", resource) is matches
    other = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert role(other).may("sqs:SendMessage", resource) is not matches


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "1"}, True),
        ({"StringEquals": {"aws:SourceAccount": ["2", "1"]}}, {"AWS:sourceaccount": "1"}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "2"}, False),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "2"}, False),
        ({"StringLike": {"a:b": "x*"}, "Bool": {"c:d": "true"}}, {"a:b": "xy", "c:d": "false"}, False),
        ({"StringEquals": {"a:b": "1", "c:d": "2"}}, {"a:b": "1", "c:d": "3"}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sqs:*:1:*"}}, {"aws:SourceArn": "arn:aws:sqs:eu:1:q"}, True),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], holds: bool) -> None:
    assert role(allow(Condition=condition)).may("sqs:SendMessage", QUEUE, context) is holds


def test_nothing_is_allowed_by_default_and_deny_wins() -> None:
    assert not role().may("sqs:SendMessage", QUEUE)
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    assert not role(allow(), deny).may("sqs:SendMessage", QUEUE)
    assert role(allow(), deny).may("sns:Publish", QUEUE)


def test_a_boundary_takes_away_and_gives_nothing() -> None:
    boundary = {"Statement": [allow(Action="sqs:*")]}
    assert role(allow(), boundary=boundary).may("sqs:SendMessage", QUEUE)
    assert not role(allow(), boundary=boundary).may("iam:CreateUser")
    assert not role(boundary=boundary).may("sqs:SendMessage", QUEUE)
    denying = {"Statement": [allow(), {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    assert not role(allow(), boundary=denying).may("sqs:SendMessage", QUEUE)


@pytest.mark.parametrize(
    "statement",
    [
        allow(Condition={"NumericLessThan": {"a:b": "1"}}),
        allow(Resource="arn:aws:s3:::home/${aws:username}"),
        allow(Resource={"Ref": "Bucket"}),
        allow(Principal="*"),
    ],
)
def test_what_it_does_not_know_it_does_not_judge(statement: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        role(statement).may("s3:GetObject", "arn:aws:s3:::home/me", {"a:b": "0"})
