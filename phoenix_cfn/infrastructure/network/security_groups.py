"""The security groups: only internet -> load balancer -> tasks -> database is allowed."""

from __future__ import annotations

from troposphere import GetAtt, Parameter, Ref
from troposphere.ec2 import VPC, SecurityGroup, SecurityGroupEgress, SecurityGroupRule

from phoenix_cfn.infrastructure.network import SecurityGroups
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

_ANYWHERE = "0.0.0.0/0"


@part
def security_groups(scope: Scope, vpc: VPC | Parameter) -> SecurityGroups:
    """The groups of the tiers. Their rules have the neighbouring group as source or destination, not addresses."""
    has_cluster = scope.settings.database.has_cluster
    onwards = "to the database and to AWS" if has_cluster else "to AWS"
    load_balancer = scope.add(
        SecurityGroup(
            "LoadBalancerSecurityGroup",
            Metadata=suppress(checkov={"CKV_AWS_260": "The application is public, as the kata requires."}),
            VpcId=Ref(vpc),
            GroupDescription="Load balancer: HTTP from the internet, onwards to the tasks only",
            SecurityGroupIngress=[
                _from_everywhere("HTTP", 80),
                *([_from_everywhere("HTTPS", 443)] if scope.settings.load_balancer.https != "off" else []),
            ],
            SecurityGroupEgress=[nowhere()],
        )
    )
    tasks = scope.add(
        SecurityGroup(
            "TaskSecurityGroup",
            VpcId=Ref(vpc),
            GroupDescription=f"Tasks: from the load balancer only, onwards {onwards} over HTTPS",
            SecurityGroupIngress=[
                _from(load_balancer, scope.parameters.container_port, "Requests from the load balancer")
            ],
            SecurityGroupEgress=[
                SecurityGroupRule(
                    Description="HTTPS to AWS: image, logs, secrets",
                    IpProtocol="tcp",
                    FromPort=443,
                    ToPort=443,
                    CidrIp=_ANYWHERE,
                )
            ],
        )
    )
    database = _database(scope, vpc, tasks) if has_cluster else None
    # Rules of two groups with each other are separate resources: inline rules would be a circular dependency.
    scope.add(_to("LoadBalancerEgress", load_balancer, tasks, scope.parameters.container_port, "Requests to the tasks"))
    if database:
        scope.add(_to("TaskEgress", tasks, database, scope.parameters.mongodb_port, "Connections to the database"))
    return SecurityGroups(load_balancer, tasks, database)


def _database(scope: Scope, vpc: VPC | Parameter, tasks: SecurityGroup) -> SecurityGroup:
    return scope.add(
        SecurityGroup(
            "DatabaseSecurityGroup",
            VpcId=Ref(vpc),
            GroupDescription="Database: from the tasks only, onwards to nobody",
            SecurityGroupIngress=[_from(tasks, scope.parameters.mongodb_port, "Connections from the tasks")],
            SecurityGroupEgress=[nowhere()],
        )
    )


def _from_everywhere(protocol: str, port: int) -> SecurityGroupRule:
    return SecurityGroupRule(
        Description=f"{protocol} from everywhere", IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=_ANYWHERE
    )


def nowhere() -> SecurityGroupRule:
    """A rule that matches no destination: a group without an egress rule allows all egress."""
    return SecurityGroupRule(Description="Nothing else", IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="127.0.0.1/32")


def _from(source: SecurityGroup, port: Parameter | None, description: str) -> SecurityGroupRule:
    return SecurityGroupRule(
        Description=description,
        IpProtocol="tcp",
        FromPort=Ref(port),
        ToPort=Ref(port),
        SourceSecurityGroupId=GetAtt(source, "GroupId"),
    )


def _to(
    title: str, source: SecurityGroup, target: SecurityGroup, port: Parameter | None, description: str
) -> SecurityGroupEgress:
    return SecurityGroupEgress(
        title,
        GroupId=GetAtt(source, "GroupId"),
        Description=description,
        IpProtocol="tcp",
        FromPort=Ref(port),
        ToPort=Ref(port),
        DestinationSecurityGroupId=GetAtt(target, "GroupId"),
    )
