"""A service for the lab: a web server in a few lines of Perl, in tasks behind a load balancer."""

from __future__ import annotations

import base64
from typing import Any

from phoenix_cfn.local.images import DEBIAN
from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Resources, allow, everybody, network, role, security_group

SERVER = (
    "use IO::Socket::INET; $| = 1; print qq(started\\n); $SIG{TERM} = sub { exit };"
    "$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 50, ReuseAddr => 1) or die;"
    "while ($c = $s->accept) { $r = <$c>; while (<$c>) { last if /^\\r?$/ }"
    " $code = $r =~ /unwell/ ? 503 : 200; $body = qq($ENV{GREETING} $ENV{SECRET});"
    " print $c qq(HTTP/1.0 $code x\\r\\n\\r\\n$body); close $c }"
)


def push_image(aws: LocalAws, name: str = "lab", content: str = DEBIAN) -> str:
    """Pushes a small image, or another that the engine has, to the local ECR; its URI by digest."""
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName=name)
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    docker = aws.engine.client
    local = f"127.0.0.1:{aws.settings.port}/{name}"
    docker.images.get(content).tag(local, tag="1")
    answer = docker.images.push(local, tag="1", auth_config={"username": user, "password": password})
    assert "error" not in answer, answer
    digest = ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageDigest"]
    return f"000000000000.dkr.ecr.eu-central-1.amazonaws.com/{name}@{digest}"


def container(image: str, **more: Any) -> dict[str, Any]:
    """A container definition that runs the server."""
    return {
        "Name": "web",
        "Image": image,
        "Essential": True,
        "Command": ["perl", "-e", SERVER],
        "PortMappings": [{"ContainerPort": 8080}],
        **more,
    }


def service(definition: dict[str, Any], statements: list[dict[str, Any]] | None = None, **more: Any) -> Resources:
    """Everything from the network to the service, whose tasks run the container."""
    target_group = {
        "VpcId": {"Ref": "Vpc"},
        "TargetType": "ip",
        "Protocol": "HTTP",
        "Port": 8080,
        "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 2,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
        **more.pop("TargetGroup", {}),
    }
    pull = [allow("ecr:*"), allow("logs:*")]
    return {
        **network(),
        "BalancerGroup": security_group(everybody(80)),
        "TaskGroup": more.pop("TaskGroup", security_group(everybody(8080))),
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": [{"Ref": "PublicSubnet"}, {"Ref": "PrivateSubnet"}],
                "SecurityGroups": [{"Ref": "BalancerGroup"}],
            },
        },
        "Targets": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": target_group},
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
                **more.pop("Listener", {}),
            },
        },
        "Cluster": {"Type": "AWS::ECS::Cluster", **more.pop("Cluster", {})},
        "Execution": role("ecs-tasks.amazonaws.com", *(pull if statements is None else statements)),
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "lab",
                "Cpu": "256",
                "Memory": "512",
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "ExecutionRoleArn": {"Fn::GetAtt": ["Execution", "Arn"]},
                "ContainerDefinitions": [definition],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "DependsOn": ["Listener", "PrivateRoute", "PrivateAssociation", "PublicRoute", "PublicAssociation"],
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Definition"},
                "LaunchType": "FARGATE",
                "DesiredCount": 1,
                "HealthCheckGracePeriodSeconds": 10,
                "LoadBalancers": [
                    {"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": {"Ref": "Targets"}}
                ],
                "NetworkConfiguration": {
                    "AwsvpcConfiguration": {
                        "Subnets": [{"Ref": "PrivateSubnet"}],
                        "SecurityGroups": [{"Ref": "TaskGroup"}],
                    }
                },
                "DeploymentConfiguration": {
                    "DeploymentCircuitBreaker": {
                        "Enable": True,
                        "Rollback": True,
                        "ThresholdConfiguration": {"Type": "COUNT", "Value": 3},
                    }
                },
                **more,
            },
        },
    }


OUTPUTS = {
    "Url": {"Fn::Sub": "http://${Balancer.DNSName}"},
    "Group": {"Ref": "Targets"},
    "FullName": {"Fn::GetAtt": ["Targets", "TargetGroupFullName"]},
    "Cluster": {"Ref": "Cluster"},
    "Service": {"Fn::GetAtt": ["Service", "Name"]},
    "Listener": {"Ref": "Listener"},
}
