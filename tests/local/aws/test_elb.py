"""The load balancer's corrections."""

from __future__ import annotations

import copy
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, everybody, network, security_group
from tests.local.aws.service import OUTPUTS, container, service
from tests.local.aws.shifts import rule, weights


def _states(aws: LocalAws, group: str) -> list[str]:
    found = aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [each["TargetHealth"]["State"] for each in found]


def test_only_healthy_targets_get_requests(lab: Lab, aws: LocalAws, image: str) -> None:
    """Two tasks, of which one hangs: no answer is missing once its health check has failed.

    The grace period keeps ECS from taking it away meanwhile.
    """
    outputs = lab.deploy(service(container(image), DesiredCount=2, HealthCheckGracePeriodSeconds=6000), OUTPUTS)
    ecs = aws.client("ecs")
    [victim, _] = ecs.list_tasks(cluster=outputs["Cluster"])["taskArns"]
    task = ecs.describe_tasks(cluster=outputs["Cluster"], tasks=[victim])["tasks"][0]
    aws.engine.client.containers.get(task["containers"][0]["runtimeId"]).pause()
    eventually(lambda: "unhealthy" in _states(aws, outputs["Group"]), 60, "an unhealthy target")
    assert {request(aws, outputs["Url"], timeout=20).status for _ in range(20)} == {200}


def test_requests_are_measured(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(service(container(image)), OUTPUTS)
    balancer = outputs["Listener"].split(":listener/")[1].rsplit("/", 1)[0]
    for _ in range(3):
        assert request(aws, outputs["Url"]).status == 200
    eventually(lambda: _counted(aws, balancer) == 3, 60, "three requests are counted")


def _counted(aws: LocalAws, balancer: str, group: str = "") -> float:
    target_group = [{"Name": "TargetGroup", "Value": group.rsplit(":", 1)[1]}] if group else []
    end = int(time.time()) + 60
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="RequestCount",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}, *target_group],
        StartTime=end - 600,
        EndTime=end,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(each["Sum"] for each in points))


HEADER = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Lab", "Values": ["new"]}}
NOBODY = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/nobody/*"]}}


def _with_rule(image: str, condition: dict[str, Any], **weights: int) -> dict[str, Any]:
    """The lab's service in `Targets`; a rule that distributes requests over it and an empty group."""
    resources = service(container(image))
    resources["Alternate"] = copy.deepcopy(resources["Targets"])
    resources["Rule"] = rule(1, condition, **weights)
    return resources


def test_forward_actions_have_weights(lab: Lab, aws: LocalAws, image: str) -> None:
    """A group without targets answers 503 here, so that the statuses tell which group got a request."""
    every = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    outputs = lab.deploy(_with_rule(image, every, Targets=100, Alternate=0), OUTPUTS)
    made = lab.resources(lab.stacks[-1])
    assert weights(aws, made["Rule"]) == {made["Targets"]: 100, made["Alternate"]: 0}
    assert {request(aws, outputs["Url"]).status for _ in range(20)} == {200}
    client = aws.client("elbv2")
    tuples = [{"TargetGroupArn": made[name], "Weight": weight} for name, weight in (("Targets", 30), ("Alternate", 70))]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}
    client.modify_rule(RuleArn=made["Rule"], Actions=[action])
    assert weights(aws, made["Rule"]) == {made["Targets"]: 30, made["Alternate"]: 70}
    good = sum(request(aws, outputs["Url"]).status == 200 for _ in range(200))
    # Six standard deviations of 6.5 around 60.
    assert 21 < good < 99
    client.modify_listener(ListenerArn=outputs["Listener"], DefaultActions=[action])
    [listener] = client.describe_listeners(ListenerArns=[outputs["Listener"]])["Listeners"]
    assert [each["Weight"] for each in listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]] == [30, 70]


def test_a_rule_is_for_requests_that_meet_its_conditions(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(_with_rule(image, HEADER, Targets=0, Alternate=100), OUTPUTS)
    assert request(aws, outputs["Url"]).status == 200
    answer = urllib.request.Request(aws.settings.endpoint, headers={"Host": outputs["Url"][7:], "x-lab": "new"})
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(answer, timeout=60)


def test_requests_count_for_the_target_group_that_answers(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(_with_rule(image, NOBODY, Targets=0, Alternate=100), OUTPUTS)
    made = lab.resources(lab.stacks[-1])
    balancer = outputs["Listener"].split(":listener/")[1].rsplit("/", 1)[0]
    for _ in range(3):
        assert request(aws, outputs["Url"]).status == 200
    eventually(lambda: _counted(aws, balancer, made["Targets"]) == 3, 60, "three requests are counted")
    assert _counted(aws, balancer, made["Alternate"]) == 0


def test_rules_have_their_own_priority(lab: Lab, image: str) -> None:
    resources = _with_rule(image, HEADER)
    resources["Other"] = rule(1, NOBODY)
    resources["Other"]["DependsOn"] = "Rule"
    del resources["Service"]
    assert "Priority '1' is currently in use" in lab.failure(resources)


def test_target_groups_in_use_stay(lab: Lab, aws: LocalAws, image: str) -> None:
    """A rule that names a group by its ARN, and not by Ref, does not wait for it: the deletion fails."""
    resources = _with_rule(image, HEADER)
    for name in ("Service", "Definition", "Execution", "Cluster"):
        del resources[name]
    lab.deploy(resources)
    name = lab.stacks[-1]
    made = lab.resources(name)
    group = made["Alternate"]
    groups = resources["Rule"]["Properties"]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    groups[1]["TargetGroupArn"] = group
    groups[0]["TargetGroupArn"] = made["Targets"]
    del resources["Alternate"]
    lab.update(name, resources)
    assert "is currently in use by a listener or a rule" in lab.reasons(name)
    assert aws.client("elbv2").describe_target_groups(TargetGroupArns=[group])["TargetGroups"]


def test_every_path_is_the_applications(lab: Lab, aws: LocalAws) -> None:
    """Under the load balancer's name, and under the port that is its alone. Others have MiniStack's answers."""
    response = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "the balancer"}
    action = {"Type": "fixed-response", "FixedResponseConfig": response}
    parts = service(container("none"), Listener={"DefaultActions": [action]})
    wanted = {*network(), "BalancerGroup", "Balancer", "Listener"}
    url = lab.deploy(
        {name: each for name, each in parts.items() if name in wanted},
        {"Url": {"Fn::Sub": "http://${Balancer.DNSName}"}},
    )["Url"]
    for path in ("/", "/health", "/_ministack/health", "/_local/pipelines", "/_localstack/x", "/v2/", "/iceberg"):
        for method in ("GET", "OPTIONS"):
            answer = request(aws, url, path, method)
            assert (answer.status, answer.body) == (200, b"the balancer"), (method, path)
        with urllib.request.urlopen(f"http://localhost:{aws.settings.site}{path}", timeout=60) as opened:
            assert opened.read() == b"the balancer", path
    assert b"services" in request(aws, aws.settings.endpoint, "/health").body


def test_nobody_gets_in_without_a_rule(lab: Lab, aws: LocalAws, image: str) -> None:
    resources = service(container(image))
    url = lab.deploy(resources, OUTPUTS)["Url"]
    assert request(aws, url).status == 200
    for change in ({"FromPort": 81, "ToPort": 81}, {"IpProtocol": "udp"}):
        resources["BalancerGroup"] = security_group({**everybody(80), **change})
        assert lab.update(lab.stacks[-1], resources) == "UPDATE_COMPLETE"
        assert request(aws, url).status == 504


def test_full_name_of_a_target_group(lab: Lab, image: str) -> None:
    assert lab.deploy(service(container(image)), OUTPUTS)["FullName"].startswith("targetgroup/")


def test_listener_attributes(lab: Lab, aws: LocalAws, image: str) -> None:
    attribute = {"Key": "routing.http.response.x_frame_options.header_value", "Value": "DENY"}
    outputs = lab.deploy(service(container(image), Listener={"ListenerAttributes": [attribute]}), OUTPUTS)
    assert request(aws, outputs["Url"]).headers["x-frame-options"] == "DENY"


def test_target_health_is_told(lab: Lab, aws: LocalAws, image: str) -> None:
    # The grace period keeps ECS from replacing the task before anybody has seen what its health check found.
    unwell = {"HealthCheckPath": "/unwell"}
    resources = service(container(image), TargetGroup=unwell, DesiredCount=0, HealthCheckGracePeriodSeconds=6000)
    outputs = lab.deploy(resources, OUTPUTS)
    ecs = aws.client("ecs")
    ecs.update_service(cluster=outputs["Cluster"], service=outputs["Service"], desiredCount=1)
    eventually(lambda: "unhealthy" in _states(aws, outputs["Group"]), 60, "an unhealthy target")
