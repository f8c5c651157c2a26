"""The service: it recovers (R2), and its container has what it needs and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack import Stack, get_att, ref, text


@pytest.fixture
def service(infrastructure_stack: Stack) -> dict[str, Any]:
    return infrastructure_stack.properties("Service")


@pytest.fixture
def container(infrastructure_stack: Stack) -> dict[str, Any]:
    (only,) = infrastructure_stack.properties("TaskDefinition")["ContainerDefinitions"]
    found: dict[str, Any] = only
    return found


def test_dead_tasks_are_replaced_and_scaling_alone_says_how_many(service: dict[str, Any]) -> None:
    assert service["LaunchType"] == "FARGATE"
    assert "DesiredCount" not in service


def test_a_release_that_fails_is_given_up_and_rolled_back(service: dict[str, Any]) -> None:
    deployment = service["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {
        "Enable": True,
        "Rollback": True,
        "ThresholdConfiguration": {"Type": "COUNT", "Value": 3},
    }
    assert deployment["Alarms"] == {
        "Enable": True,
        "Rollback": True,
        "AlarmNames": [ref("ServerErrorAlarm"), ref("UnhealthyTargetsAlarm")],
    }


def test_a_release_never_goes_below_full_strength(service: dict[str, Any]) -> None:
    deployment = service["DeploymentConfiguration"]
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] > 100
    assert service["AvailabilityZoneRebalancing"] == "ENABLED"


def test_tasks_are_private_and_have_no_public_address(service: dict[str, Any]) -> None:
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "AssignPublicIp": "DISABLED",
        "Subnets": [ref("PrivateSubnetA"), ref("PrivateSubnetB")],
        "SecurityGroups": [get_att("TaskSecurityGroup", "GroupId")],
    }


def test_the_service_waits_for_listener_way_out_and_database(infrastructure_stack: Stack) -> None:
    assert infrastructure_stack.resources["Service"]["DependsOn"] == [
        "Listener",
        "PrivateDefaultRouteA",
        "PrivateDefaultRouteB",
        "DatabaseInstance1",
        "DatabaseInstance2",
    ]


def test_load_balancer_port_mapping_and_environment_agree(service: dict[str, Any], container: dict[str, Any]) -> None:
    (balancer,) = service["LoadBalancers"]
    assert balancer == {
        "ContainerName": container["Name"],
        "ContainerPort": ref("ContainerPort"),
        "TargetGroupArn": ref("TargetGroup"),
    }
    assert container["PortMappings"] == [{"ContainerPort": ref("ContainerPort"), "Protocol": "tcp"}]
    assert {"Name": "PORT", "Value": ref("ContainerPort")} in container["Environment"]


def test_this_container_reads_that_secret_as_db_connection_string(container: dict[str, Any]) -> None:
    assert container["Secrets"] == [{"Name": "DB_CONNECTION_STRING", "ValueFrom": ref("DatabaseConnection")}]
    assert "resolve" not in text(container["Environment"])


def test_two_workers_so_that_a_crash_takes_no_other_request_with_it(container: dict[str, Any]) -> None:
    assert {"Name": "WEB_CONCURRENCY", "Value": "2"} in container["Environment"]
    assert {"Name": "NODE_ENV", "Value": "production"} in container["Environment"]


def test_the_container_is_hardened(container: dict[str, Any]) -> None:
    assert container["User"] == "1000:1000"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"] == {"InitProcessEnabled": True}
    assert "Privileged" not in container


def test_the_log_never_stalls_the_requests(container: dict[str, Any]) -> None:
    options = container["LogConfiguration"]["Options"]
    assert options["awslogs-group"] == ref("TaskLogGroup")
    assert options["mode"] == "non-blocking"


def test_cpu_is_measured_every_twenty_seconds(service: dict[str, Any]) -> None:
    (metrics,) = service["Monitoring"]["MetricConfigurations"]
    assert metrics == {"MetricNames": ["CPUUtilization", "MemoryUtilization"], "ResolutionSeconds": 20}


def test_the_application_itself_may_do_nothing_in_aws(infrastructure_stack: Stack) -> None:
    role = infrastructure_stack.properties("TaskRole")
    assert not {"Policies", "ManagedPolicyArns"} & set(role)


def test_ecs_may_pull_this_image_write_this_log_and_read_this_secret(infrastructure_stack: Stack) -> None:
    allowed = {
        action: statement["Resource"]
        for statement in infrastructure_stack.statements("TaskExecutionRole")
        for action in statement["Action"]
    }
    repository = {
        "Fn::Sub": "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${StagePrefix}-phoenix"
    }
    assert allowed == {
        "ecr:GetAuthorizationToken": ["*"],
        "ecr:BatchCheckLayerAvailability": [repository],
        "ecr:BatchGetImage": [repository],
        "ecr:GetDownloadUrlForLayer": [repository],
        "logs:CreateLogStream": [get_att("TaskLogGroup", "Arn")],
        "logs:PutLogEvents": [get_att("TaskLogGroup", "Arn")],
        "secretsmanager:GetSecretValue": [ref("DatabaseConnection")],
        "kms:Decrypt": [get_att("EncryptionKey", "Arn")],
    }
