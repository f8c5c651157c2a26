"""The corrections of task sets: what a service is that CodeDeploy deploys. One service for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.releases import Release, codedeploy_service
from tests.local.aws.sessions import client_of

REFUSAL = "on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."


@pytest.fixture(scope="module")
def release(aws: LocalAws, image: str) -> Iterator[Release]:
    """Deployed once, without an application."""
    lab = Lab(aws)
    yield Release(aws, lab, codedeploy_service(image))
    lab.clean()


def _place(release: Release) -> dict[str, str]:
    return {"cluster": release.outputs["Cluster"], "service": release.outputs["Service"]}


def _sets(release: Release) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in release.service()["taskSets"]}


def _primary(release: Release) -> str:
    return next(name for name, each in _sets(release).items() if each["status"] == "PRIMARY")


def _add(release: Release, greeting: str, **changes: Any) -> str:
    """Another task set, behind the target group without a listener; its id."""
    balancer = {"targetGroupArn": release.outputs["Others"], "containerName": "web", "containerPort": 8080}
    made = release.ecs.create_task_set(
        **_place(release),
        taskDefinition=release.revision(greeting),
        loadBalancers=[{**balancer, **changes}],
        scale={"value": 100, "unit": "PERCENT"},
    )
    return str(made["taskSet"]["id"])


def _forward(release: Release, group: str) -> None:
    tuples = [{"TargetGroupArn": release.outputs[group], "Weight": 100}]
    release.aws.client("elbv2").modify_listener(
        ListenerArn=release.outputs["Listener"],
        DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}],
    )


def test_codedeploy_services_have_task_sets(release: Release) -> None:
    service = release.service()
    [only] = service["taskSets"]
    assert service["deploymentController"] == {"type": "CODE_DEPLOY"}
    assert service["deployments"] == []
    assert (only["status"], only["runningCount"]) == ("PRIMARY", 1)
    eventually(lambda: _sets(release)[only["id"]]["stabilityStatus"] == "STEADY_STATE", 30, "it is steady")


def test_families_stand_for_their_active_revision(release: Release) -> None:
    active = release.ecs.describe_task_definition(taskDefinition="lab")["taskDefinition"]["taskDefinitionArn"]
    newer = release.revision("newer")
    assert release.ecs.describe_task_definition(taskDefinition="lab")["taskDefinition"]["taskDefinitionArn"] == newer
    release.ecs.deregister_task_definition(taskDefinition=newer)
    found = release.ecs.describe_task_definition(taskDefinition="lab")["taskDefinition"]
    assert (found["taskDefinitionArn"], found["status"]) == (active, "ACTIVE")


def test_a_circuit_breaker_is_refused(lab: Lab, image: str) -> None:
    resources = codedeploy_service(image)
    breaker = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    resources["Service"]["Properties"]["DeploymentConfiguration"] = breaker
    assert "can only be used for services with the ECS deployment controller" in lab.failure(resources)


def test_task_sets_have_an_api(release: Release) -> None:
    """Another version beside the first: its requests are those of its target group, and it may become primary."""
    first = _primary(release)
    page = request(release.aws, release.outputs["Url"]).body
    _weigh_nothing(release)
    second = _add(release, "second")
    eventually(lambda: _sets(release)[second]["stabilityStatus"] == "STEADY_STATE", 60, "the second is steady")
    assert request(release.aws, release.outputs["Url"]).body == page
    _forward(release, "Others")
    assert request(release.aws, release.outputs["Url"]).body.strip() == b"second"
    with pytest.raises(ClientError, match="primary task set can't be deleted"):
        release.ecs.delete_task_set(**_place(release), taskSet=first, force=True)
    release.ecs.update_service_primary_task_set(**_place(release), primaryTaskSet=second)
    assert _primary(release) == second
    assert release.service()["taskDefinition"] == _sets(release)[second]["taskDefinition"]
    with pytest.raises(ClientError, match="scaled down to zero"):
        release.ecs.delete_task_set(**_place(release), taskSet=first)
    deleted = release.ecs.delete_task_set(**_place(release), taskSet=first, force=True)["taskSet"]
    assert deleted["status"] == "DRAINING"
    eventually(lambda: list(_sets(release)) == [second], 60, "the first has gone with its tasks")
    eventually(lambda: len(release.ecs.list_tasks(cluster=_place(release)["cluster"])["taskArns"]) == 1, 60, "one task")
    with pytest.raises(ClientError, match="TaskSetNotFoundException"):
        release.ecs.delete_task_set(**_place(release), taskSet=first, force=True)


def _weigh_nothing(release: Release) -> None:
    """The listener names both target groups, so that both have health checks; all requests go where they went."""
    [serving] = release.weights()
    arns = {"Targets": release.outputs["Group"], "Others": release.outputs["Others"]}
    tuples = [{"TargetGroupArn": arn, "Weight": 100 if name == serving else 0} for name, arn in arns.items()]
    release.aws.client("elbv2").modify_listener(
        ListenerArn=release.outputs["Listener"],
        DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}],
    )


def test_task_sets_have_tasks(release: Release) -> None:
    """As many as the service's count says, also after one died; those that no container can be in are refused."""
    name = _primary(release)
    release.ecs.update_service(**_place(release), desiredCount=2)
    eventually(lambda: _sets(release)[name]["runningCount"] == 2, 60, "two tasks")
    [victim, _] = release.ecs.list_tasks(cluster=_place(release)["cluster"])["taskArns"]
    release.ecs.stop_task(cluster=_place(release)["cluster"], task=victim)

    def replaced() -> bool:
        tasks = release.ecs.list_tasks(cluster=_place(release)["cluster"])["taskArns"]
        return victim not in tasks and _sets(release)[name]["stabilityStatus"] == "STEADY_STATE" and len(tasks) == 2

    eventually(replaced, 60, "another task in its place")
    release.ecs.update_service(**_place(release), desiredCount=1)
    eventually(lambda: _sets(release)[name]["runningCount"] == 1, 60, "one task")
    for changes, words in (({"containerName": "x"}, "does not exist"), ({"containerPort": 1}, "no container port 1")):
        with pytest.raises(ClientError, match=words):
            _add(release, "refused", **changes)


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"taskDefinition": "lab"}, "update task definition"),
        ({"platformVersion": "1.4.0"}, "update platform version"),
        ({"loadBalancers": []}, "update load balancers"),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}, "update network parameters"),
        ({"forceNewDeployment": True}, "force a new deployment"),
    ],
)
def test_codedeploy_services_refuse_updates(release: Release, parameters: dict[str, Any], what: str) -> None:
    with pytest.raises(ClientError, match=f"Unable to {what} {REFUSAL}"):
        release.ecs.update_service(**_place(release), **parameters)


def test_stacks_cannot_update_codedeploy_services(release: Release, image: str) -> None:
    """Not even what UpdateService takes; another task definition does not touch the service."""
    resources = codedeploy_service(image)
    resources["Definition"]["Properties"]["Memory"] = "1024"
    assert release.lab.update(release.lab.stacks[0], resources) == "UPDATE_COMPLETE"
    resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"] = 11
    assert release.lab.update(release.lab.stacks[0], resources) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Unable to update task definition {REFUSAL}" in release.lab.reasons(release.lab.stacks[0])


def test_services_are_checked_by_their_arn(release: Release, lab: Lab) -> None:
    cluster, service = release.outputs["Cluster"], release.outputs["Service"]
    outputs = lab.deploy(
        {
            name: role(
                "codedeploy.amazonaws.com",
                *(
                    allow("ecs:*", resource=f"arn:aws:ecs:eu-central-1:000000000000:{kind}/{cluster}/{end}")
                    for kind in ("service", "task-set")
                ),
            )
            for name, end in (("Ours", f"{service}*"), ("Theirs", "another*"))
        },
        {each: {"Fn::GetAtt": [each, "Arn"]} for each in ("Ours", "Theirs")},
    )
    described = client_of(release.aws, "ecs", outputs["Ours"]).describe_services(cluster=cluster, services=[service])
    assert described["services"][0]["serviceName"] == service
    theirs = client_of(release.aws, "ecs", outputs["Theirs"])
    calls: list[Callable[[], Any]] = [
        lambda: theirs.describe_services(cluster=cluster, services=[service]),
        lambda: theirs.create_task_set(cluster=cluster, service=service, taskDefinition="lab"),
        lambda: theirs.delete_task_set(cluster=cluster, service=service, taskSet=_primary(release)),
        lambda: theirs.update_service_primary_task_set(cluster=cluster, service=service, primaryTaskSet="x"),
    ]
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
