"""The entrance."""

from __future__ import annotations

from tests.stack import Stack, get_att, ref


def attributes(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def test_public_in_both_zones_behind_its_security_group(infrastructure_stack: Stack) -> None:
    balancer = infrastructure_stack.properties("LoadBalancer")
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["Subnets"] == [ref("PublicSubnetA"), ref("PublicSubnetB")]
    assert balancer["SecurityGroups"] == [get_att("LoadBalancerSecurityGroup", "GroupId")]
    assert infrastructure_stack.resources["LoadBalancer"]["DependsOn"] == "PublicDefaultRoute"


def test_invalid_headers_are_dropped_and_security_headers_added(infrastructure_stack: Stack) -> None:
    balancer = attributes(infrastructure_stack.properties("LoadBalancer")["LoadBalancerAttributes"])
    assert balancer["routing.http.drop_invalid_header_fields.enabled"] == "true"
    listener = attributes(infrastructure_stack.properties("Listener")["ListenerAttributes"])
    assert listener["routing.http.response.server.enabled"] == "false"
    assert listener["routing.http.response.x_content_type_options.header_value"] == "nosniff"


def test_the_listener_forwards_to_the_tasks(infrastructure_stack: Stack) -> None:
    listener = infrastructure_stack.properties("Listener")
    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    assert listener["LoadBalancerArn"] == ref("LoadBalancer")
    assert listener["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": ref("TargetGroup")}]


def test_the_health_check_uses_neither_the_database_nor_an_unwanted_endpoint(infrastructure_stack: Stack) -> None:
    target = infrastructure_stack.properties("TargetGroup")
    assert target["TargetType"] == "ip"
    assert target["Port"] == ref("ContainerPort")
    assert target["HealthCheckPath"] == "/health"
    assert target["Matcher"] == {"HttpCode": "200"}


def test_one_slow_answer_takes_no_task_out(infrastructure_stack: Stack) -> None:
    target = infrastructure_stack.properties("TargetGroup")
    assert target["UnhealthyThresholdCount"] >= 3
    assert target["HealthCheckTimeoutSeconds"] < target["HealthCheckIntervalSeconds"]


def test_a_task_may_finish_what_it_began_before_it_is_stopped(infrastructure_stack: Stack) -> None:
    delay = attributes(infrastructure_stack.properties("TargetGroup")["TargetGroupAttributes"])
    (container,) = infrastructure_stack.properties("TaskDefinition")["ContainerDefinitions"]
    assert container["StopTimeout"] >= int(delay["deregistration_delay.timeout_seconds"])
