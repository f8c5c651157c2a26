"""A second opinion: the evaluator of the local AWS decides the same for every role and request of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.iam.account import ACCOUNT, REGION, Stage
from tests.iam.conftest import StageOf
from tests.iam.evaluator import Context, Role
from tests.iam.test_deployment import NEEDED, resources, situation
from tests.iam.test_roles import HARMFUL, NEEDS, ROLES, filled, situations

# Without type hints of its own.
iam_evaluator = import_module("ministack.core.iam_evaluator")


def second_opinion(role: Role, action: str, resource: str, context: Context) -> bool:
    request = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/any",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=REGION,
        service_context={key.lower(): value for key, value in context.items()},
    )
    policies = [iam_evaluator.parse_policy_document(dict(each)) for each in role.policies]
    limits = [[iam_evaluator.parse_policy_document(dict(role.boundary))]] if role.boundary else []
    return bool(iam_evaluator.evaluate(request, policies, *limits).decision == "Allow")


def requests(stage: Stage, other: Stage) -> Iterator[tuple[str, str, Context]]:
    everything = [arn for arns in [*resources(stage).values(), *resources(other).values()] for arn in arns]
    for action in NEEDED:
        service = action.split(":")[0]
        for arn in [*(each for each in everything if each.split(":")[2] == service), "*"]:
            for tags in ({}, stage.tags | stage.stack_tag, other.tags | other.stack_tag):
                yield action, arn, situation(action, stage) | tags
    for action, resource in HARMFUL:
        yield action, filled(resource, stage, other), situations(resource, stage, other)
    for _, action, resource in NEEDS:
        yield action, filled(resource, stage, other), {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}


@pytest.mark.parametrize("role", ROLES)
def test_both_decide_the_same(role: str, dev: Stage, stage_of: StageOf) -> None:
    judged = dev.role(role)
    allowed = 0
    for action, resource, context in requests(dev, stage_of("dev-phoenix")):
        decision = judged.may(action, resource, context)
        assert decision is second_opinion(judged, action, resource, context), (action, resource, context)
        allowed += decision
    assert allowed or role == "TaskRole"
