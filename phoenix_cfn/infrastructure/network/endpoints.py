"""The endpoints of AWS services that the tasks need in a VPC without NAT gateways."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub
from troposphere.ec2 import VPC, RouteTable, SecurityGroup, SecurityGroupRule, Subnet, VPCEndpoint

from phoenix_cfn.cloudformation.facts.endpoints import GATEWAYS, INTERFACES
from phoenix_cfn.infrastructure.network.security_groups import nowhere
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.settings import Settings


@part
def endpoints(
    scope: Scope, vpc: VPC, subnets: list[Subnet], tables: list[RouteTable], tasks: SecurityGroup
) -> list[VPCEndpoint]:
    """Interface endpoints in the private subnets, for the tasks only, and gateway endpoints in their route tables."""
    interfaces, gateways = _needed(scope.settings)
    group = scope.add(
        SecurityGroup(
            "EndpointSecurityGroup",
            VpcId=Ref(vpc),
            GroupDescription="Endpoints of AWS services: from the tasks only",
            SecurityGroupIngress=[
                SecurityGroupRule(
                    Description="HTTPS from the tasks",
                    IpProtocol="tcp",
                    FromPort=443,
                    ToPort=443,
                    SourceSecurityGroupId=GetAtt(tasks, "GroupId"),
                )
            ],
            SecurityGroupEgress=[nowhere()],
        )
    )
    return [
        *(
            scope.add(
                VPCEndpoint(
                    _title(name),
                    VpcId=Ref(vpc),
                    ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{name}"),
                    VpcEndpointType="Interface",
                    PrivateDnsEnabled=True,
                    SubnetIds=[Ref(subnet) for subnet in subnets],
                    SecurityGroupIds=[GetAtt(group, "GroupId")],
                )
            )
            for name in interfaces
        ),
        *(gateway_endpoint(scope, vpc, tables, name) for name in gateways),
    ]


def gateway_endpoint(scope: Scope, vpc: VPC, tables: list[RouteTable], name: str) -> VPCEndpoint:
    """A gateway endpoint, for `s3` or `dynamodb`."""
    return scope.add(
        VPCEndpoint(
            _title(name),
            VpcId=Ref(vpc),
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{name}"),
            VpcEndpointType="Gateway",
            RouteTableIds=[Ref(table) for table in tables],
        )
    )


def _needed(settings: Settings) -> tuple[list[str], list[str]]:
    """The services that ECS needs to start a task, and those of the tasks' permissions: with interface endpoints, and
    with gateway endpoints (other than S3).

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    called = {action.partition(":")[0] for each in settings.service.allow for action in each.actions}
    interfaces = {"ecr.api", "ecr.dkr", "logs", *(INTERFACES[each] for each in called & INTERFACES.keys())}
    if settings.database.kind != "none" or settings.service.secrets:
        interfaces.add("secretsmanager")
    return sorted(interfaces), sorted(GATEWAYS[each] for each in called & GATEWAYS.keys() - {"s3"})


def _title(name: str) -> str:
    """The logical id: S3Endpoint for s3, EcrApiEndpoint for ecr.api."""
    return "".join(word.capitalize() for word in name.replace("-", ".").split(".")) + "Endpoint"
