"""The corrections of ECS's services."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, security_group
from tests.local.aws.service import OUTPUTS, container, service
from tests.local.aws.test_notifications import alarm


def running(aws: LocalAws, cluster: str) -> list[dict[str, Any]]:
    ecs = aws.client("ecs")
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return [each for each in found if each["lastStatus"] == "RUNNING"]


def task_container(aws: LocalAws, cluster: str) -> Any:
    return aws.engine.client.containers.get(running(aws, cluster)[0]["containers"][0]["runtimeId"])


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
    eventually(lambda: running(aws, cluster), 60, "a running task")
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
        [before] = running(aws, outputs["Cluster"])
        found = task_container(aws, outputs["Cluster"])
        if fault == "stop":
            aws.client("ecs").stop_task(cluster=outputs["Cluster"], task=before["taskArn"])
        else:
            found.kill() if fault == "kill" else found.remove(force=True)
        gone = before["taskArn"]
        eventually(partial(_others, aws, outputs["Cluster"], gone), 20, f"another task after {fault}")


def _others(aws: LocalAws, cluster: str, gone: str) -> list[dict[str, Any]]:
    return [each for each in running(aws, cluster) if each["taskArn"] != gone]


def test_stacks_wait_for_steady_services(lab: Lab, aws: LocalAws, image: str) -> None:
    resources = service(container(image))
    outputs = lab.deploy(resources, OUTPUTS)
    resources["Definition"]["Properties"]["ContainerDefinitions"][0]["Command"] = ["false"]
    assert lab.update(lab.stacks[-1], resources) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Circuit Breaker" in lab.reasons(lab.stacks[-1])
    assert request(aws, outputs["Url"]).status == 200


def test_changes_start_deployments(lab: Lab, aws: LocalAws, image: str) -> None:
    """Another security group comes with new tasks; another grace period does not."""
    resources = service(container(image))
    outputs = lab.deploy(resources, OUTPUTS)
    [before] = running(aws, outputs["Cluster"])
    resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"] = 20
    assert lab.update(lab.stacks[-1], resources) == "UPDATE_COMPLETE"
    assert [each["taskArn"] for each in running(aws, outputs["Cluster"])] == [before["taskArn"]]
    resources["Other"] = resources["TaskGroup"]
    network = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    network["SecurityGroups"] = [{"Ref": "Other"}]
    assert lab.update(lab.stacks[-1], resources) == "UPDATE_COMPLETE"
    eventually(lambda: len(running(aws, outputs["Cluster"])) == 1, 60, "one task")
    assert before["taskArn"] not in {each["taskArn"] for each in running(aws, outputs["Cluster"])}


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
        eventually(lambda: len(running(aws, outputs["Cluster"])) == 2, 60, "the new task beside the old one")
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
    [before] = running(aws, outputs["Cluster"])
    _silence(aws, "notBreaching")
    _health_check(aws, outputs["Group"], "/unwell")
    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, lab.stacks[-1], greeting(resources))
        eventually(lambda: len(running(aws, outputs["Cluster"])) == 2, 60, "the new task beside the old one")
        _silence(aws, "breaching")
        assert updated.result() == "UPDATE_ROLLBACK_COMPLETE"
    assert [each["taskArn"] for each in running(aws, outputs["Cluster"])] == [before["taskArn"]]
