"""The corrections of task roles."""

from __future__ import annotations

import re
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, Resources, allow, role
from tests.local.aws.service import OUTPUTS, container, service


def with_role(image: str, *statements: dict[str, Any], principal: str = "ecs-tasks.amazonaws.com") -> Resources:
    """A service whose tasks have a role with these statements; without any, no role."""
    parts: Resources = service(container(image))
    if statements:
        parts["Role"] = role(principal, *statements)
        parts["Definition"]["Properties"]["TaskRoleArn"] = {"Fn::GetAtt": ["Role", "Arn"]}
    return parts


def variables(aws: LocalAws, cluster: str) -> dict[str, str]:
    """Of the container of the only task."""
    ecs = aws.client("ecs")
    [task] = ecs.describe_tasks(cluster=cluster, tasks=ecs.list_tasks(cluster=cluster)["taskArns"])["tasks"]
    found = aws.engine.client.containers.get(task["containers"][0]["runtimeId"])
    return dict(each.split("=", 1) for each in found.attrs["Config"]["Env"])


def test_containers_act_with_the_role_of_their_task(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(with_role(image, allow("sqs:ListQueues")), OUTPUTS)
    given = variables(aws, outputs["Cluster"])
    assert (given["AWS_REGION"], given["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")
    assert not [name for name in given if name.startswith("AWS_CONTAINER_")]
    keys = {name.lower(): given[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    assert aws.client("sqs", **keys).list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(Exception, match="is not authorized to perform: sns:ListTopics"):
        aws.client("sns", **keys).list_topics()


def test_a_container_without_a_role_has_no_credentials(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(with_role(image), OUTPUTS)
    given = variables(aws, outputs["Cluster"])
    assert not [name for name in given if re.search("KEY|TOKEN|CREDENTIALS", name)]


def test_task_roles_trust_ecs(lab: Lab, image: str) -> None:
    reasons = lab.failure(with_role(image, allow("sqs:ListQueues"), principal="ec2.amazonaws.com"))
    assert "ECS was unable to assume the role" in reasons
