"""The load balancer's corrections."""

from __future__ import annotations

import time
import urllib.request

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, everybody, network, security_group
from tests.local.aws.service import OUTPUTS, container, service


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


def _counted(aws: LocalAws, balancer: str) -> float:
    end = int(time.time()) + 60
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="RequestCount",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}],
        StartTime=end - 600,
        EndTime=end,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(each["Sum"] for each in points))


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
