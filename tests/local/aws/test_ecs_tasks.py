"""The corrections of ECS's tasks."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import MagicMock

import pytest
from docker.errors import NotFound

from phoenix_cfn.local import docker_engine
from phoenix_cfn.local.aws import ecs_tasks, ministack
from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, allow
from tests.local.aws.service import OUTPUTS, SERVER, container, service
from tests.local.aws.test_ecs import running, task_container

SECRET = {
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"SecretString": '{"key": "from the secret"}'},
    }
}
READ = allow("secretsmanager:GetSecretValue", resource={"Ref": "Secret"})
FROM_SECRET = [{"Name": "SECRET", "ValueFrom": {"Fn::Sub": "${Secret}:key::"}}]


def test_container_definitions_are_whole(lab: Lab, aws: LocalAws, image: str) -> None:
    definition = container(image, Environment=[{"Name": "GREETING", "Value": "hello"}], Secrets=FROM_SECRET)
    resources = {**SECRET, **service(definition, [allow("ecr:*"), READ])}
    outputs = lab.deploy(resources, OUTPUTS)
    assert request(aws, outputs["Url"]).body == b"hello from the secret"
    for unknown in ({"Privileged": True}, {"LinuxParameters": {"SharedMemorySize": 64}}):
        assert "does not follow" in lab.failure(service(container(image, **unknown)))


def test_containers_follow_their_definition(lab: Lab, aws: LocalAws, image: str) -> None:
    definition = container(
        image, User="1000:1000", ReadonlyRootFilesystem=True, LinuxParameters={"InitProcessEnabled": True}
    )
    outputs = lab.deploy(service(definition), OUTPUTS)
    attributes = task_container(aws, outputs["Cluster"]).attrs
    assert attributes["Config"]["User"] == "1000:1000"
    host = attributes["HostConfig"]
    assert (host["ReadonlyRootfs"], host["Init"], host["Memory"]) == (True, True, 512 * 2**20)
    assert (host["NanoCpus"], host["CpuShares"]) == (250_000_000, 262_144)


def test_exits_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch of a task waits for the engine's report; a request that lists tasks does not call the engine."""
    exited, engine, mark_stopped = threading.Event(), MagicMock(), MagicMock()
    engine.api.wait.side_effect = lambda container: exited.wait(60)
    monkeypatch.setattr(docker_engine, "connect", lambda: engine)
    monkeypatch.setattr(ministack.ecs, "_maybe_mark_stopped", mark_stopped)
    ecs_tasks.exits_are_reported()
    task: dict[str, Any] = {"_docker_ids": ["web"]}
    client = MagicMock()
    ministack.ecs._maybe_mark_stopped(task)
    watch = threading.Thread(target=ministack.ecs._maybe_mark_stopped, args=(task, client))
    watch.start()
    eventually(lambda: engine.api.wait.call_args, 10, "the watch waits")
    assert mark_stopped.mock_calls == client.mock_calls == []
    exited.set()
    watch.join(60)
    mark_stopped.assert_called_once_with(task, client)
    assert not task.get(ecs_tasks.LOST)
    engine.api.wait.side_effect = NotFound("no such container")
    ministack.ecs._maybe_mark_stopped(task, client)
    assert task[ecs_tasks.LOST]


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([allow("logs:*"), READ], "ecr:GetAuthorizationToken"),
        ([allow("ecr:GetAuthorizationToken"), READ], "ecr:BatchCheckLayerAvailability"),
        ([allow("ecr:*"), READ], "logs:CreateLogStream"),
        ([allow("ecr:*"), allow("logs:*")], "secretsmanager:GetSecretValue"),
    ],
    ids=["registry", "image", "log", "secret"],
)
def test_execution_role_is_consulted(lab: Lab, image: str, statements: list[dict[str, Any]], missing: str) -> None:
    options = {"awslogs-group": {"Ref": "Group"}, "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "t"}
    definition = container(image, Secrets=FROM_SECRET, LogConfiguration={"LogDriver": "awslogs", "Options": options})
    resources = {**SECRET, "Group": {"Type": "AWS::Logs::LogGroup"}, **service(definition, statements)}
    assert f"is not authorized to perform: {missing}" in lab.failure(resources)


def test_a_secret_may_be_named_without_its_random_ending(lab: Lab, aws: LocalAws, image: str) -> None:
    """The role must allow the whole ARN."""
    place = "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:lab/named"
    properties = {"SecretString": '{"key": "from the secret"}', "Name": "lab/named"}
    secret = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}
    definition = container(image, Secrets=[{"Name": "SECRET", "ValueFrom": {"Fn::Sub": f"{place}:key::"}}])
    read = allow("secretsmanager:GetSecretValue", resource={"Fn::Sub": f"{place}-??????"})
    resources = {**secret, **service(definition, [allow("ecr:*"), read])}
    resources["Definition"]["DependsOn"] = "Secret"
    outputs = lab.deploy(resources, OUTPUTS)
    assert b"from the secret" in request(aws, outputs["Url"]).body


def test_tasks_need_a_way_to_the_registry(lab: Lab, image: str) -> None:
    resources = service(container(image))
    del resources["PrivateRoute"]
    resources["Service"]["DependsOn"].remove("PrivateRoute")
    assert "no route" in lab.failure(resources)


def test_images_come_from_their_registry(lab: Lab, image: str) -> None:
    nowhere = image.rsplit("@", 1)[0] + "@sha256:" + "0" * 64
    assert "CannotPullContainerError" in lab.failure(service(container(nowhere)))


LEAVES_SLOWLY = SERVER.replace("sub { exit }", "sub { sleep 5; print qq(left in order\\n); exit }")


def test_tasks_leave_in_order(lab: Lab, aws: LocalAws, image: str) -> None:
    """A task that is stopped gets no new request, then SIGTERM, and the time that it needs: no request fails."""
    options = {"awslogs-group": {"Ref": "Group"}, "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "t"}
    definition = container(
        image,
        Command=["perl", "-e", LEAVES_SLOWLY],
        StopTimeout=120,
        LogConfiguration={"LogDriver": "awslogs", "Options": options},
    )
    group = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lab/leaving"}}}
    outputs = lab.deploy({**group, **service(definition, DesiredCount=2)}, OUTPUTS)
    aws.client("ecs").update_service(cluster=outputs["Cluster"], service=outputs["Service"], desiredCount=1)
    statuses = set()

    def left() -> bool:
        statuses.add(request(aws, outputs["Url"]).status)
        events = aws.client("logs").filter_log_events(logGroupName="/lab/leaving")["events"]
        return any("left in order" in each["message"] for each in events)

    eventually(left, 60, "the last line of the task that goes")
    assert statuses == {200}
    assert len(running(aws, outputs["Cluster"])) == 1
