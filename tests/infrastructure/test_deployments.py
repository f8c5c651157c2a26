"""Deployments: each strategy as AWS wants it, both target groups watched, and nothing changed that must not change."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure
from phoenix_cfn.infrastructure.deployments import STRATEGIES
from phoenix_cfn.local.aws.alarm_state import alarm_state, evaluation_range
from tests.stack import Stack, get_att, ref, text, walk

NATIVE = ("blue-green", "canary", "linear")
SHIFTING = (*NATIVE, "codedeploy")
GROUPS = ("TargetGroup", "AlternateTargetGroup")
FROZEN = Path(__file__).with_name("frozen.json")


@cache
def settings(strategy: str, path: str = "", **more: int) -> Settings:
    return Settings.of({"deployment": {"strategy": strategy, "smoke_test_path": path, **more}})


@cache
def stack(strategy: str, path: str = "", **more: int) -> Stack:
    return Stack(infrastructure.template(settings(strategy, path, **more)))


def deployment(strategy: str, path: str = "", **more: int) -> dict[str, Any]:
    found: dict[str, Any] = stack(strategy, path, **more).properties("Service")["DeploymentConfiguration"]
    return found


def test_every_strategy_has_a_file() -> None:
    folder = Path(infrastructure.__file__).with_name("deployments")
    assert {each.replace("-", "_") for each in STRATEGIES} <= {path.stem for path in folder.glob("*.py")}


def test_the_default_is_rolling() -> None:
    assert infrastructure.template(Settings()).to_dict() == infrastructure.template(settings("rolling")).to_dict()


# Two versions by ECS.


@pytest.mark.parametrize("strategy", NATIVE)
def test_the_service_names_both_groups_the_rule_and_the_role(strategy: str) -> None:
    (balanced,) = stack(strategy).properties("Service")["LoadBalancers"]
    assert balanced["TargetGroupArn"] == ref("TargetGroup")
    assert balanced["AdvancedConfiguration"] == {
        "AlternateTargetGroupArn": ref("AlternateTargetGroup"),
        "ProductionListenerRule": ref("ProductionRule"),
        "RoleArn": get_att("TrafficRole", "Arn"),
    }


def test_how_each_strategy_shifts() -> None:
    steps: dict[str, Any] = {"step_percent": 20, "step_minutes": 7, "bake_minutes": 9}
    configurations = {
        "blue-green": deployment("blue-green", bake_minutes=9),
        "canary": deployment("canary", **steps),
        "linear": deployment("linear", **steps),
    }
    shifts = {
        strategy: {key: value for key, value in each.items() if key not in deployment("rolling")}
        for strategy, each in configurations.items()
    }
    assert shifts == {
        "blue-green": {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 9},
        "canary": {
            "Strategy": "CANARY",
            "BakeTimeInMinutes": 9,
            "CanaryConfiguration": {"CanaryPercent": 20, "CanaryBakeTimeInMinutes": 7},
        },
        "linear": {
            "Strategy": "LINEAR",
            "BakeTimeInMinutes": 9,
            "LinearConfiguration": {"StepPercent": 20, "StepBakeTimeInMinutes": 7},
        },
    }


@pytest.mark.parametrize("strategy", NATIVE)
def test_tasks_that_do_not_start_and_alarms_roll_back(strategy: str) -> None:
    assert {key: deployment(strategy)[key] for key in deployment("rolling")} == deployment("rolling")


@pytest.mark.parametrize("strategy", NATIVE)
def test_each_rule_forwards_to_one_of_both_groups(strategy: str) -> None:
    rules = stack(strategy, "/health").of_type("AWS::ElasticLoadBalancingV2::ListenerRule")
    assert set(rules) == {"ProductionRule", "TestRule"}
    for rule in rules.values():
        assert rule["ListenerArn"] == ref("Listener")
        (action,) = rule["Actions"]
        weights = [(each["TargetGroupArn"], each["Weight"]) for each in action["ForwardConfig"]["TargetGroups"]]
        assert weights == [(ref("TargetGroup"), 100), (ref("AlternateTargetGroup"), 0)]
    # Test requests first: the other rule matches every request.
    assert rules["TestRule"]["Priority"] < rules["ProductionRule"]["Priority"]
    assert rules["ProductionRule"]["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]


@pytest.mark.parametrize("strategy", SHIFTING)
def test_both_groups_are_alike(strategy: str) -> None:
    production, alternate = (stack(strategy).properties(each) for each in GROUPS)
    assert production == alternate
    assert production == stack("rolling").properties("TargetGroup")


def test_ecs_shifts_the_requests_of_this_stage_only() -> None:
    allowed = {
        action: each["Resource"] for each in stack("canary", "/").statements("TrafficRole") for action in each["Action"]
    }
    groups = [ref(each) for each in GROUPS]
    routes = [ref("Listener"), ref("ProductionRule"), ref("TestRule")]
    assert allowed == {
        **{f"elasticloadbalancing:Describe{each}": ["*"] for each in ("Listeners", "Rules", "TargetGroups")},
        "elasticloadbalancing:DescribeTargetHealth": ["*"],
        "elasticloadbalancing:RegisterTargets": groups,
        "elasticloadbalancing:DeregisterTargets": groups,
        "elasticloadbalancing:ModifyListener": routes,
        "elasticloadbalancing:ModifyRule": routes,
    }


@pytest.mark.parametrize("strategy", SHIFTING)
def test_every_role_stands_under_the_path_within_the_boundary(strategy: str) -> None:
    roles = stack(strategy, "/health").of_type("AWS::IAM::Role")
    assert len(roles) == (5 if strategy in NATIVE else 4)
    for role in roles.values():
        assert role["PermissionsBoundary"] == ref("RoleBoundaryArn")
        assert role["Path"] == {"Fn::Sub": "/${StagePrefix}-phoenix/"}


HTTPS = ("certificate", "domain")


@pytest.mark.parametrize("https", HTTPS)
@pytest.mark.parametrize("strategy", NATIVE)
def test_with_https_the_rules_shift_the_requests_of_port_443(strategy: str, https: str) -> None:
    """Port 80 redirects only: a rule there would serve without TLS, and a test request would see the redirect."""
    found = Stack(
        infrastructure.template(
            Settings.of(
                {"deployment": {"strategy": strategy, "smoke_test_path": "/health"}, "load_balancer": {"https": https}}
            )
        )
    )
    rules = found.of_type("AWS::ElasticLoadBalancingV2::ListenerRule")
    assert {text(each["ListenerArn"]) for each in rules.values()} == {text(ref("HttpsListener"))}
    shift = next(each for each in found.statements("TrafficRole") if each["Sid"] == "ShiftRequests")
    assert shift["Resource"] == [ref("HttpsListener"), ref("ProductionRule"), ref("TestRule")]
    variables = found.properties("SmokeTestFunction")["Environment"]["Variables"]
    assert (variables["SCHEME"], variables["PORT"]) == ("https", "443")


@pytest.mark.parametrize("https", HTTPS)
def test_with_https_codedeploy_forwards_port_443_and_tests_by_its_own_port(https: str) -> None:
    chosen = {"strategy": "codedeploy", "smoke_test_path": "/health"}
    found = Stack(infrastructure.template(Settings.of({"deployment": chosen, "load_balancer": {"https": https}})))
    (pair,) = found.properties("DeploymentGroup")["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    assert pair["ProdTrafficRoute"] == {"ListenerArns": [ref("HttpsListener")]}
    assert pair["TestTrafficRoute"] == {"ListenerArns": [ref("TestListener")]}
    variables = found.properties("SmokeTestFunction")["Environment"]["Variables"]
    assert (variables["SCHEME"], variables["PORT"]) == ("http", str(found.properties("TestListener")["Port"]))


# CodeDeploy.


def test_the_service_of_codedeploy_names_the_family_and_waits_for_its_first_revision() -> None:
    resource = stack("codedeploy").resources["Service"]
    service = resource["Properties"]
    assert service["DeploymentController"] == {"Type": "CODE_DEPLOY"}
    assert service["TaskDefinition"] == stack("codedeploy").properties("TaskDefinition")["Family"]
    assert "TaskDefinition" in resource["DependsOn"]
    # Neither exists for CodeDeploy: the first is refused by ECS, the second has no effect.
    assert not {"DeploymentConfiguration", "AvailabilityZoneRebalancing"} & set(service)


def test_codedeploy_replaces_the_tasks_of_this_service_behind_this_listener() -> None:
    found = stack("codedeploy", step_percent=20, step_minutes=3, bake_minutes=9)
    group = found.properties("DeploymentGroup")
    assert group["ECSServices"] == [{"ClusterName": ref("Cluster"), "ServiceName": get_att("Service", "Name")}]
    (pair,) = group["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    assert pair == {
        "TargetGroups": [{"Name": get_att(each, "TargetGroupName")} for each in GROUPS],
        "ProdTrafficRoute": {"ListenerArns": [ref("Listener")]},
    }
    assert group["BlueGreenDeploymentConfiguration"]["TerminateBlueInstancesOnDeploymentSuccess"] == {
        "Action": "TERMINATE",
        "TerminationWaitTimeInMinutes": 9,
    }
    assert group["DeploymentConfigName"] == ref("DeploymentStep")
    assert found.properties("DeploymentStep") == {
        "DeploymentConfigName": {"Fn::Sub": "${StagePrefix}-phoenix-20-percent-3-minutes"},
        "ComputePlatform": "ECS",
        "TrafficRoutingConfig": {
            "Type": "TimeBasedCanary",
            "TimeBasedCanary": {"CanaryPercentage": 20, "CanaryInterval": 3},
        },
    }


def test_codedeploy_rolls_back_what_fails_or_fires_an_alarm() -> None:
    group = stack("codedeploy").properties("DeploymentGroup")
    alarms = [{"Name": ref(each)} for each in ("ServerErrorAlarm", "UnhealthyTargetsAlarm")]
    assert group["AlarmConfiguration"] == {"Enabled": True, "Alarms": alarms}
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True,
        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    }


def test_codedeploy_may_act_on_this_stage_only() -> None:
    for statement in stack("codedeploy", "/").statements("CodeDeployRole"):
        reading = all(re.search(":Describe", action) for action in statement["Action"])
        assert (statement["Resource"] == ["*"]) is (reading and len(statement["Action"]) == 4)
    allowed = {each for one in stack("codedeploy").statements("CodeDeployRole") for each in one["Action"]}
    assert not allowed & {"lambda:InvokeFunction", "sns:Publish", "s3:GetObject"}


@pytest.mark.parametrize("listener", ["Listener", "TestListener"])
def test_a_listener_that_codedeploy_changes_is_deleted_before_both_groups(listener: str) -> None:
    assert stack("codedeploy", "/").resources[listener]["DependsOn"] == "AlternateTargetGroup"


# Smoke test.


@pytest.mark.parametrize("strategy", NATIVE)
def test_ecs_calls_the_smoke_test_before_any_request_shifts(strategy: str) -> None:
    (hook,) = deployment(strategy, "/health")["LifecycleHooks"]
    assert hook == {
        "HookTargetArn": get_att("SmokeTestFunction", "Arn"),
        "RoleArn": get_att("HookRole", "Arn"),
        "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
    }
    (balanced,) = stack(strategy, "/health").properties("Service")["LoadBalancers"]
    assert balanced["AdvancedConfiguration"]["TestListenerRule"] == ref("TestRule")
    (condition,) = stack(strategy, "/health").properties("TestRule")["Conditions"]
    function = stack(strategy, "/health").properties("SmokeTestFunction")
    variables = function["Environment"]["Variables"]
    assert condition["HttpHeaderConfig"] == {
        "HttpHeaderName": variables["TEST_HEADER"],
        "Values": [variables["TEST_VALUE"]],
    }
    assert (variables["HOST"], variables["PORT"]) == (get_att("LoadBalancer", "DNSName"), "80")
    assert variables["TEST_PATH"] == "/health"
    assert function["Handler"] == "index.ecs"


def test_codedeploy_tests_by_a_listener_of_its_own() -> None:
    found = stack("codedeploy", "/health")
    (pair,) = found.properties("DeploymentGroup")["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    assert pair["TestTrafficRoute"] == {"ListenerArns": [ref("TestListener")]}
    port = found.properties("TestListener")["Port"]
    ingress = found.properties("TestIngress")
    assert (ingress["FromPort"], ingress["ToPort"], ingress["GroupId"]) == (
        port,
        port,
        get_att("LoadBalancerSecurityGroup", "GroupId"),
    )
    function = found.properties("SmokeTestFunction")
    assert function["Environment"]["Variables"]["PORT"] == str(port)
    assert function["Handler"] == "index.codedeploy"
    assert found.outputs["SmokeTestFunctionName"]["Value"] == ref("SmokeTestFunction")
    invoked = [each for each in found.statements("CodeDeployRole") if "lambda:InvokeFunction" in each["Action"]]
    assert [each["Resource"] for each in invoked] == [[get_att("SmokeTestFunction", "Arn")]]


def test_the_function_has_time_for_every_request() -> None:
    from phoenix_cfn.infrastructure.deployments import smoke_test_function as function

    longest = function.DELAY + function.REQUESTS * (function.PAUSE + function.TIMEOUT)
    assert longest < stack("canary", "/").properties("SmokeTestFunction")["Timeout"]


# What watches the tasks.


@pytest.mark.parametrize("strategy", SHIFTING)
@pytest.mark.parametrize("title", ["ServerErrorAlarm", "UnhealthyTargetsAlarm", "RequestScalingPolicy", "Dashboard"])
def test_whatever_names_one_target_group_names_the_other_as_often(strategy: str, title: str) -> None:
    written = text(stack(strategy).properties(title))
    counts = [len(re.findall(rf"\b{group}(\.|\", \")TargetGroupFullName", written)) for group in GROUPS]
    assert counts[0] == counts[1] > 0


def evaluated(metrics: list[dict[str, Any]], values: dict[str, float | None]) -> float | None:
    """The value of the query that is returned. In arithmetic a missing value counts as 0, in MAX not at all."""
    expressions = {each["Id"]: each["Expression"] for each in metrics if "Expression" in each}
    (returned,) = (each["Id"] for each in metrics if each["ReturnData"])

    def value(name: str) -> float | None:
        return computed(expressions[name]) if name in expressions else values[name]

    def computed(expression: str) -> float | None:
        if found := re.fullmatch(r"MAX\(\[(.*)\]\)", expression):
            return max((each for each in map(value, found[1].split(", ")) if each is not None), default=None)
        names = re.findall(r"[a-z]\w*", expression)
        if all(value(name) is None for name in names):
            return None
        return float(eval(expression, {}, {name: value(name) or 0 for name in names}))

    return value(returned)


# Per minute: requests and errors of the one version, then of the other, then answers of the load balancer itself.
QUIET = (None, None, None, None, None)


@pytest.mark.parametrize(
    ("minute", "state"),
    [
        # Of 1,200 requests a canary of 5 % gets 60: every answer is an error, and none is among all requests' 5 %.
        ((1140.0, None, 60.0, 60.0, None), "ALARM"),
        ((60.0, 60.0, 1140.0, None, None), "ALARM"),
        # Linear, half way.
        ((600.0, None, 600.0, 300.0, None), "ALARM"),
        # One group has no tasks.
        ((1200.0, 600.0, None, None, None), "ALARM"),
        ((None, None, 1200.0, 600.0, None), "ALARM"),
        ((1140.0, None, 60.0, None, 20.0), "OK"),
        ((None, None, None, None, 20.0), "ALARM"),
        ((1140.0, 11.0, 60.0, 3.0, None), "OK"),
        ((1200.0, 60.0, None, None, None), "OK"),
        (QUIET, "OK"),
    ],
)
def test_a_broken_canary_of_a_few_percent_fires_the_alarm(minute: tuple[float | None, ...], state: str) -> None:
    alarm = stack("canary", step_percent=5).properties("ServerErrorAlarm")
    names = ("requests1", "tasks1", "requests2", "tasks2", "elb")
    point = evaluated(alarm["Metrics"], dict(zip(names, minute, strict=True)))
    breaching = None if point is None else point > alarm["Threshold"]
    padded = [None, *[breaching] * 6][: evaluation_range(alarm["EvaluationPeriods"])]
    found = alarm_state(padded, alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["TreatMissingData"], "OK")
    assert found == state


@pytest.mark.parametrize("groups", [(3.0, None), (None, 1.0), (0.0, 1.0)])
def test_an_unhealthy_task_of_either_version_is_seen(groups: tuple[float | None, float | None]) -> None:
    alarm = stack("canary").properties("UnhealthyTargetsAlarm")
    value = evaluated(alarm["Metrics"], dict(zip(("unhealthy1", "unhealthy2"), groups, strict=True)))
    assert value is not None
    assert value > alarm["Threshold"]


@pytest.mark.parametrize(
    ("first", "second"), [((660.0, 2.0), (None, None)), ((None, None), (660.0, 2.0)), ((594.0, 2.0), (66.0, 2.0))]
)
def test_the_rate_of_a_task_is_the_same_while_requests_shift(
    first: tuple[float | None, float | None], second: tuple[float | None, float | None]
) -> None:
    """Each version has as many tasks as the service wants."""
    policy = stack("canary").properties("RequestScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    metrics = policy["CustomizedMetricSpecification"]["Metrics"]
    names = ("requests1", "healthy1", "requests2", "healthy2")
    assert evaluated(metrics, dict(zip(names, (*first, *second), strict=True))) == 11
    assert evaluated(metrics, dict(zip(names, (None, 2.0, None, None), strict=True))) == 0
    assert evaluated(metrics, dict.fromkeys(names)) is None


# What must not change while a stage exists. CloudFormation writes a resource when its text here changes.

ANY_OTHER_SETTINGS: list[dict[str, Any]] = [
    {},
    {
        "service": {"container_port": 3000, "health_check_path": "/ready", "cpu": 1024, "memory": 4096, "workers": 4},
        "scaling": {"min_tasks": 1, "max_tasks": 20, "tasks_limit": 40, "requests_per_second_per_task": 50},
        "alarms": {"cpu_peak_percent": 95, "server_errors_per_minute": 1},
        "retention": {"days": 30},
    },
    {"database": {"instances": 1, "instance_class": "db.r6g.large"}},
    {"database": {"instances": 16}, "pipeline": {"source": "codecommit"}},
]


@pytest.mark.parametrize("others", ANY_OTHER_SETTINGS)
@pytest.mark.parametrize("steps", [{}, {"step_percent": 50, "step_minutes": 1, "bake_minutes": 0}])
@pytest.mark.parametrize("strategy", SHIFTING)
def test_what_ecs_or_codedeploy_changes_never_has_another_text(
    strategy: str, steps: dict[str, int], others: dict[str, Any]
) -> None:
    """In a running stage a changed text would be an outage (a rule) or a failed update (CodeDeploy).

    A new text here is a new major version, which says how a stage gets there.
    """
    if strategy == "blue-green":
        steps = {key: value for key, value in steps.items() if key == "bake_minutes"}
    frozen = json.loads(FROZEN.read_text())["codedeploy" if strategy == "codedeploy" else "native"]
    for path in ("", "/health"):
        chosen = Settings.of({**others, "deployment": {"strategy": strategy, "smoke_test_path": path, **steps}})
        resources = Stack(infrastructure.template(chosen)).resources
        present = [each for each in frozen if path or not each.startswith("Test")]
        assert {each: resources[each] for each in present} == {each: frozen[each] for each in present}


def test_what_is_frozen_refers_to_nothing_that_changes_in_every_release() -> None:
    """A reference to the task definition would be another value each time; to the image, too."""
    for resources in json.loads(FROZEN.read_text()).values():
        references = {value["Ref"] for _, value in walk(resources) if isinstance(value, dict) and "Ref" in value}
        assert not references & {"TaskDefinition", "DockerImageURI", "MinRunningTasks", "MaxRunningTasks"}
