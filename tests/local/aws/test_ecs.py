"""ECS's corrections."""

from __future__ import annotations

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, allow, security_group
from tests.local.aws.service import OUTPUTS, SERVER, container, service
from tests.local.aws.test_corrections import SETTINGS
from tests.local.aws.test_notifications import alarm


def _tasks(aws: LocalAws, cluster: str) -> list[dict[str, Any]]:
    ecs = aws.client("ecs")
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return [each for each in found if each["lastStatus"] == "RUNNING"]


def _container(aws: LocalAws, cluster: str) -> Any:
    return aws.engine.client.containers.get(_tasks(aws, cluster)[0]["containers"][0]["runtimeId"])


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
    attributes = _container(aws, outputs["Cluster"]).attrs
    assert attributes["Config"]["User"] == "1000:1000"
    host = attributes["HostConfig"]
    assert (host["ReadonlyRootfs"], host["Init"], host["Memory"]) == (True, True, 512 * 2**20)
    assert (host["NanoCpus"], host["CpuShares"]) == (250_000_000, 262_144)


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
    assert len(_tasks(aws, outputs["Cluster"])) == 1


def _deployments(aws: LocalAws, cluster: str) -> list[dict[str, Any]]:
    ecs = aws.client("ecs")
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    found: list[dict[str, Any]] = ecs.describe_services(cluster=cluster, services=arns)["services"][0]["deployments"]
    return found


def _health_check(aws: LocalAws, group: str, path: str) -> None:
    aws.client("elbv2").modify_target_group(TargetGroupArn=group, HealthCheckPath=path)


def test_deployments_begin_in_progress(lab: Lab, aws: LocalAws, image: str) -> None:
    """The first one too: a stack is complete only when its tasks are healthy."""
    unwell = {"HealthCheckPath": "/unwell"}
    name = lab.begin(service(container(image), TargetGroup=unwell, HealthCheckGracePeriodSeconds=6000), OUTPUTS)
    eventually(lambda: {"Cluster", "Targets"} <= set(lab.resources(name)), 60, "cluster and target group")
    cluster, group = lab.resources(name)["Cluster"], lab.resources(name)["Targets"]
    eventually(lambda: _tasks(aws, cluster), 60, "a running task")
    assert [each["rolloutState"] for each in _deployments(aws, cluster)] == ["IN_PROGRESS"]
    assert lab.status(name) == "CREATE_IN_PROGRESS"
    _health_check(aws, group, "/")
    assert lab.settled(name) == "CREATE_COMPLETE"
    assert [each["rolloutState"] for each in _deployments(aws, cluster)] == ["COMPLETED"]


def test_healthy_is_what_the_load_balancer_says(lab: Lab, image: str) -> None:
    """The process runs, but the load balancer cannot reach it: the security group of the tasks lets nobody in."""
    reason = lab.failure(service(container(image), TaskGroup=security_group(), HealthCheckGracePeriodSeconds=0))
    assert "Task failed ELB health checks" in reason


def test_services_heal(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(service(container(image)), OUTPUTS)
    for fault in ("kill", "remove", "stop"):
        [before] = _tasks(aws, outputs["Cluster"])
        found = _container(aws, outputs["Cluster"])
        if fault == "stop":
            aws.client("ecs").stop_task(cluster=outputs["Cluster"], task=before["taskArn"])
        else:
            found.kill() if fault == "kill" else found.remove(force=True)
        gone = before["taskArn"]
        eventually(partial(_others, aws, outputs["Cluster"], gone), 20, f"another task after {fault}")


def _others(aws: LocalAws, cluster: str, gone: str) -> list[dict[str, Any]]:
    return [each for each in _tasks(aws, cluster) if each["taskArn"] != gone]


def test_stacks_wait_for_steady_services(lab: Lab, aws: LocalAws, image: str) -> None:
    resources = service(container(image))
    outputs = lab.deploy(resources, OUTPUTS)
    resources["Definition"]["Properties"]["ContainerDefinitions"][0]["Command"] = ["false"]
    assert lab.update(lab.stacks[-1], resources) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Circuit Breaker" in lab.reasons(lab.stacks[-1])
    assert request(aws, outputs["Url"]).status == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ContainerName": "other"}, "does not exist in the task"),
        ({"ContainerPort": 9}, "has no container port"),
    ],
    ids=["name", "port"],
)
def test_services_must_fit_their_task_definition(lab: Lab, image: str, change: dict[str, Any], reason: str) -> None:
    resources = service(container(image))
    resources["Service"]["Properties"]["LoadBalancers"][0] |= change
    assert reason in lab.failure(resources)


def test_container_insights_writes_logs(lab: Lab, aws: LocalAws, image: str) -> None:
    settings = {"Properties": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}}
    outputs = lab.deploy(service(container(image), Cluster=settings), OUTPUTS)
    group = f"/aws/ecs/containerinsights/{outputs['Cluster']}/performance"
    logs = aws.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    logs.delete_log_group(logGroupName=group)


def watched(image: str) -> dict[str, Any]:
    """A service whose deployments watch an alarm on a metric that nobody publishes."""
    configuration = {"Alarms": {"AlarmNames": [{"Ref": "Alarm"}], "Enable": True, "Rollback": True}}
    quiet = alarm(MetricName="Silence", TreatMissingData="notBreaching", AlarmName="lab-release")
    return {"Alarm": quiet, **service(container(image), DeploymentConfiguration=configuration)}


def greeting(resources: dict[str, Any]) -> dict[str, Any]:
    """The same with a new version of the service, which says hello."""
    changed = copy.deepcopy(resources)
    environment = [{"Name": "GREETING", "Value": "hello"}]
    changed["Definition"]["Properties"]["ContainerDefinitions"][0]["Environment"] = environment
    return changed


def _silence(aws: LocalAws, missing: str) -> None:
    """What the alarm makes of silence: with "breaching" it rings, with "notBreaching" it is OK.

    Its period is so long that no deployment is watched to the end before a test has done what it wants.
    """
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="lab-release",
        Namespace="Lab",
        MetricName="Silence",
        Statistic="Maximum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData=missing,
    )
    state = "ALARM" if missing == "breaching" else "OK"
    found = partial(cloudwatch.describe_alarms, AlarmNames=["lab-release"])
    eventually(lambda: found()["MetricAlarms"][0]["StateValue"] == state, 30, f"the alarm in {state}")


def test_alarms_fail_deployments(lab: Lab, aws: LocalAws, image: str) -> None:
    """An alarm that goes off while a release is watched takes it back, although its tasks are healthy."""
    resources = watched(image)
    outputs = lab.deploy(resources, OUTPUTS)
    _silence(aws, "notBreaching")
    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, lab.stacks[-1], greeting(resources))
        eventually(lambda: b"hello" in request(aws, outputs["Url"]).body, 60, "the new version answers")
        _silence(aws, "breaching")
        assert updated.result() == "UPDATE_ROLLBACK_COMPLETE"
    assert "alarm(s) detected: lab-release" in lab.reasons(lab.stacks[-1])
    assert b"hello" not in request(aws, outputs["Url"]).body


def test_a_deployment_that_begins_in_alarm_is_not_watched(lab: Lab, aws: LocalAws, image: str) -> None:
    """Not even when the alarm goes off once more: what mends a ringing application must get through."""
    resources = watched(image)
    resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"] = 6000
    outputs = lab.deploy(resources, OUTPUTS)
    _silence(aws, "breaching")
    # The new task does not get healthy, and the deployment goes on, until the alarm has been off and on.
    _health_check(aws, outputs["Group"], "/unwell")
    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, lab.stacks[-1], greeting(resources))
        eventually(lambda: len(_tasks(aws, outputs["Cluster"])) == 2, 60, "the new task beside the old one")
        _silence(aws, "notBreaching")
        _silence(aws, "breaching")
        _health_check(aws, outputs["Group"], "/")
        assert updated.result() == "UPDATE_COMPLETE"
    eventually(lambda: b"hello" in request(aws, outputs["Url"]).body, 60, "the new version answers")


def test_a_failed_deployment_goes_back_to_the_tasks_that_are_left(lab: Lab, aws: LocalAws, image: str) -> None:
    """They have served all the time: new ones in their place would only disturb."""
    resources = watched(image)
    resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"] = 6000
    outputs = lab.deploy(resources, OUTPUTS)
    [before] = _tasks(aws, outputs["Cluster"])
    _silence(aws, "notBreaching")
    _health_check(aws, outputs["Group"], "/unwell")
    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, lab.stacks[-1], greeting(resources))
        eventually(lambda: len(_tasks(aws, outputs["Cluster"])) == 2, 60, "the new task beside the old one")
        _silence(aws, "breaching")
        assert updated.result() == "UPDATE_ROLLBACK_COMPLETE"
    assert [each["taskArn"] for each in _tasks(aws, outputs["Cluster"])] == [before["taskArn"]]


@pytest.mark.parametrize(("status", "registered"), [("RUNNING", True), ("STOPPED", False)])
def test_a_task_that_has_left_is_not_registered_again(
    status: str, registered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler lists running tasks and registers them a moment later: one may have left in between."""
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import ecs, elb

    groups: list[str] = []
    monkeypatch.setattr(elb, "register", lambda group, *rest: groups.append(group))
    service = {"loadBalancers": [{"targetGroupArn": "group", "containerPort": 3000}]}
    ecs.register_targets(service, {"lastStatus": status}, "10.0.0.1", [])
    assert groups == ["group"] * registered
