"""The corrections of ECS's deployments that shift requests."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.service import OUTPUTS
from tests.local.aws.shifts import ALLOWED, rule, shifting, version, weights
from tests.local.aws.test_notifications import alarm

NEVER_STARTS = {"Command": ["false"]}


def _release(resources: dict[str, Any], image: str, greeting: str, **more: Any) -> dict[str, Any]:
    resources["Definition"]["Properties"]["ContainerDefinitions"] = [version(image, greeting, **more)]
    return resources


def _deployments(aws: LocalAws, outputs: dict[str, str]) -> list[dict[str, Any]]:
    """Of the service, the newest first."""
    ecs = aws.client("ecs")
    listed = ecs.list_service_deployments(cluster=outputs["Cluster"], service=outputs["Service"])["serviceDeployments"]
    arns = [each["serviceDeploymentArn"] for each in listed]
    found = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    return sorted(found, key=lambda each: arns.index(each["serviceDeploymentArn"]))


def _answers(aws: LocalAws, url: str, number: int = 20) -> Counter[str]:
    return Counter(request(aws, url).body.decode().split()[0] for _ in range(number))


def test_deployments_shift_requests(lab: Lab, aws: LocalAws, image: str) -> None:
    """Each release goes to the target group that the one before has left."""
    resources = shifting(image)
    outputs = lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    made = lab.resources(name)
    assert weights(aws, made["ProductionRule"]) == {made["Targets"]: 0, made["Alternate"]: 100}
    for greeting, serving, idle in (("two", "Targets", "Alternate"), ("three", "Alternate", "Targets")):
        assert lab.update(name, _release(resources, image, greeting)) == "UPDATE_COMPLETE"
        assert _answers(aws, outputs["Url"]) == {greeting: 20}
        for each in ("ProductionRule", "TestRule"):
            assert weights(aws, made[each]) == {made[serving]: 100, made[idle]: 0}


@pytest.mark.parametrize(
    ("strategy", "shares"),
    [
        ({"Strategy": "CANARY", "CanaryConfiguration": {"CanaryPercent": 20, "CanaryBakeTimeInMinutes": 1}}, [20, 100]),
        (
            {"Strategy": "LINEAR", "LinearConfiguration": {"StepPercent": 30, "StepBakeTimeInMinutes": 1}},
            [30, 60, 90, 100],
        ),
    ],
    ids=["canary", "linear"],
)
def test_requests_shift_in_steps(
    lab: Lab, aws: LocalAws, image: str, strategy: dict[str, Any], shares: list[int]
) -> None:
    """A step of a minute lasts six seconds here."""
    resources = shifting(image, strategy=strategy)
    lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    made = lab.resources(name)
    seen: list[tuple[int, float]] = []

    def look() -> None:
        share = weights(aws, made["ProductionRule"])[made["Targets"]]
        if share and (not seen or seen[-1][0] != share):
            seen.append((share, time.time()))

    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, name, _release(resources, image, "two"))
        while not updated.done():
            look()
            time.sleep(0.1)
        assert updated.result() == "UPDATE_COMPLETE"
    # The last share may come and the update end between two looks.
    look()
    assert [share for share, _ in seen] == shares
    assert all(later - earlier > 5 for (_, earlier), (_, later) in pairwise(seen))


def test_a_deployment_that_fails_shifts_back(lab: Lab, aws: LocalAws, image: str) -> None:
    resources = shifting(image)
    outputs = lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    made = lab.resources(name)
    assert lab.update(name, _release(resources, image, "two", **NEVER_STARTS)) == "UPDATE_ROLLBACK_COMPLETE"
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert reason in lab.reasons(name)
    [last, first] = _deployments(aws, outputs)
    assert (last["status"], last["statusReason"]) == ("ROLLBACK_SUCCESSFUL", reason)
    assert (last["lifecycleStage"], first["status"]) == ("SCALE_UP", "SUCCESSFUL")
    assert weights(aws, made["ProductionRule"]) == {made["Targets"]: 0, made["Alternate"]: 100}
    assert _answers(aws, outputs["Url"]) == {"one": 20}


def test_the_first_deployment_has_nothing_to_go_back_to(lab: Lab, image: str) -> None:
    resources = _release(shifting(image), image, "one", **NEVER_STARTS)
    assert "No rollback candidate was found to run the rollback." in lab.failure(resources)


def test_an_alarm_shifts_back(lab: Lab, aws: LocalAws, image: str) -> None:
    """Also during the bake time, when the new version has all requests."""
    alarms = {"Alarms": {"AlarmNames": [{"Ref": "Alarm"}], "Enable": True, "Rollback": True}}
    quiet = alarm(MetricName="Silence", TreatMissingData="notBreaching", AlarmName="lab-shift")
    resources = {"Alarm": quiet, **shifting(image, strategy={"BakeTimeInMinutes": 100, **alarms})}
    outputs = lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    with ThreadPoolExecutor(1) as pool:
        updated = pool.submit(lab.update, name, _release(resources, image, "two"))
        eventually(lambda: _answers(aws, outputs["Url"], 1) == {"two": 1}, 60, "the new version answers")
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName="lab-shift",
            Namespace="Lab",
            MetricName="Silence",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
        )
        assert updated.result() == "UPDATE_ROLLBACK_COMPLETE"
    reason = "Service deployment rolled back because of one or more active alarms."
    assert reason in lab.reasons(name)
    assert _deployments(aws, outputs)[0]["lifecycleStage"] == "BAKE_TIME"
    assert _answers(aws, outputs["Url"]) == {"one": 20}


HOOK = """
import http.client, os
def handler(event, context):
    print(event["lifecycleStage"], sorted(event["executionDetails"]["testTrafficWeights"].values()))
    if not event["hookDetails"].get("seen"):
        return {"hookStatus": "IN_PROGRESS", "callBackDelay": 5, "hookDetails": {"seen": True}}
    connection = http.client.HTTPConnection(os.environ["HOST"], timeout=10)
    connection.request("GET", "/", headers={"x-lab": "new"})
    body = connection.getresponse().read().decode()
    return {"hookStatus": {"good": "SUCCEEDED", "bad": "FAILED"}.get(body.split()[0])}
"""


def _hooked(image: str, greeting: str = "good", principal: str = "ecs.amazonaws.com", *may: dict[str, Any]) -> Any:
    hook = {
        "HookTargetArn": {"Fn::GetAtt": ["Hook", "Arn"]},
        "RoleArn": {"Fn::GetAtt": ["HookRole", "Arn"]},
        "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Timeout": 30,
            "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
            "Code": {"ZipFile": HOOK},
            "Environment": {"Variables": {"HOST": {"Fn::GetAtt": ["Balancer", "DNSName"]}}},
        },
    }
    return {
        **shifting(image, greeting, strategy={"LifecycleHooks": [hook]}),
        "Hook": function,
        "FunctionRole": role("lambda.amazonaws.com"),
        "HookRole": role(principal, *(may or (allow("lambda:InvokeFunction"),))),
    }


def test_a_hook_decides(lab: Lab, aws: LocalAws, image: str) -> None:
    """The function requests the new version by the test rule, which no other request reaches."""
    resources = _hooked(image)
    outputs = lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    assert lab.update(name, _release(resources, image, "bad")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target" in lab.reasons(name)
    assert "returned FAILED status" in lab.reasons(name)
    assert _answers(aws, outputs["Url"]) == {"good": 20}
    [last, _] = _deployments(aws, outputs)
    assert last["lifecycleStage"] == "POST_TEST_TRAFFIC_SHIFT"
    assert lab.update(name, _release(resources, image, "ugly")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "HookStatus must not be null" in lab.reasons(name)


@pytest.mark.parametrize(
    ("principal", "may", "reason"),
    [
        ("lambda.amazonaws.com", allow("lambda:InvokeFunction"), "ECS was unable to assume role"),
        ("ecs.amazonaws.com", allow("lambda:GetFunction"), "ECS was unable to invoke hook target"),
    ],
    ids=["trust", "policy"],
)
def test_a_hook_needs_its_role(lab: Lab, image: str, principal: str, may: dict[str, Any], reason: str) -> None:
    assert reason in lab.failure(_hooked(image, "good", principal, may))


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        (ALLOWED[1:], "elasticloadbalancing:DescribeListeners"),
        ((ALLOWED[0], ALLOWED[2]), "elasticloadbalancing:RegisterTargets"),
        ((*ALLOWED[:2], allow("elasticloadbalancing:ModifyListener")), "elasticloadbalancing:ModifyRule"),
    ],
    ids=["read", "register", "shift"],
)
def test_the_role_must_allow_the_shift(lab: Lab, image: str, statements: Any, missing: str) -> None:
    assert f"is not authorized to perform: {missing}" in lab.failure(shifting(image, statements=statements))


def test_ecs_must_be_able_to_assume_the_role(lab: Lab, image: str) -> None:
    resources = shifting(image)
    resources["Traffic"] = role("lambda.amazonaws.com", *ALLOWED)
    assert "missing permissions on ECS Infrastructure Role" in lab.failure(resources)


PATH = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}


def test_one_target_group_serves_when_a_deployment_begins(lab: Lab, image: str) -> None:
    resources = shifting(image)
    resources["ProductionRule"] = rule(2, PATH, Targets=90, Alternate=10)
    assert "should have exactly one target group serving traffic but found 2" in lab.failure(resources)
    resources["ProductionRule"] = rule(2, PATH, Targets=100)
    resources["TestRule"] = rule(1, PATH, Targets=100)
    reason = lab.failure(resources)
    assert "is not associated with either productionListenerRule or testListenerRule" in reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (None, "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment"),
        ({"ProductionListenerRule": {"Ref": "Listener"}}, "Must be RuleArn for ALB or ListenerArn for NLB. Got: arn:"),
        ({"TestListenerRule": {"Ref": "ProductionRule"}}, "cannot be used as both production and test listener rules"),
        ({"AlternateTargetGroupArn": {"Ref": "Targets"}}, "Duplicate targetGroupArn found"),
        ({"AlternateTargetGroupArn": {"Ref": "AWS::NoValue"}}, "required key [AlternateTargetGroupArn] not found"),
        ({"TestListenerRule": {"Ref": "AWS::NoValue"}}, "testListenerRule is required when productionListenerRule"),
    ],
    ids=["nothing", "listener", "same rule", "same group", "no group", "no test rule"],
)
def test_services_that_shift_name_their_rules(lab: Lab, image: str, change: dict[str, Any] | None, reason: str) -> None:
    resources = shifting(image)
    balancer = resources["Service"]["Properties"]["LoadBalancers"][0]
    if change is None:
        del balancer["AdvancedConfiguration"]
    else:
        balancer["AdvancedConfiguration"] |= change
    if reason.startswith("testListenerRule is required"):
        resources["ProductionRule"] = rule(2, PATH, Targets=100)
    assert reason in lab.failure(resources)


def test_a_rolling_service_begins_to_shift(lab: Lab, aws: LocalAws, image: str) -> None:
    """And its tasks of before serve until the first shift, without a new version too."""
    resources = shifting(image)
    shift = resources["Service"]["Properties"]
    advanced = shift["LoadBalancers"][0].pop("AdvancedConfiguration")
    configuration, shift["DeploymentConfiguration"] = shift["DeploymentConfiguration"], {}
    outputs = lab.deploy(resources, OUTPUTS)
    name = lab.stacks[-1]
    shift["LoadBalancers"][0]["AdvancedConfiguration"] = advanced
    shift["DeploymentConfiguration"] = configuration
    assert lab.update(name, resources) == "UPDATE_COMPLETE"
    made = lab.resources(name)
    assert weights(aws, made["ProductionRule"]) == {made["Targets"]: 0, made["Alternate"]: 100}
    assert _answers(aws, outputs["Url"]) == {"one": 20}


def test_service_deployments_are_described(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(shifting(image), OUTPUTS)
    [only] = _deployments(aws, outputs)
    assert (only["status"], only["lifecycleStage"], only["sourceServiceRevisions"]) == ("SUCCESSFUL", "CLEAN_UP", [])
    assert only["serviceArn"].endswith(f"{outputs['Cluster']}/{outputs['Service']}")
    assert only["startedAt"] <= only["finishedAt"]
