"""The correction of ECS's targets."""

from __future__ import annotations

import os

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab
from tests.local.aws.service import OUTPUTS, container, service
from tests.local.aws.shifts import shifting, targets
from tests.local.aws.test_corrections import SETTINGS


def test_tasks_are_targets_of_their_deployment(lab: Lab, aws: LocalAws, image: str) -> None:
    """The first one's go to the alternate target group, as on AWS."""
    lab.deploy(shifting(image), OUTPUTS)
    made = lab.resources(lab.stacks[-1])
    assert len(targets(aws, made["Alternate"])) == 1
    assert targets(aws, made["Targets"]) == []


def test_a_rolling_service_has_one_target_group(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(service(container(image)), OUTPUTS)
    assert len(targets(aws, outputs["Group"])) == 1


@pytest.mark.parametrize(("status", "registered"), [("RUNNING", True), ("STOPPED", False)])
def test_a_task_that_has_left_is_not_registered_again(
    status: str, registered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler lists running tasks and registers them a moment later: one may have left in between."""
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import ecs_targets, elb

    groups: list[str] = []
    monkeypatch.setattr(elb, "register", lambda group, *rest: groups.append(group))
    service = {"loadBalancers": [{"targetGroupArn": "group", "containerPort": 3000}]}
    ecs_targets.register(service, {"lastStatus": status, "_groups": ["group"]}, "10.0.0.1", [])
    assert groups == ["group"] * registered
