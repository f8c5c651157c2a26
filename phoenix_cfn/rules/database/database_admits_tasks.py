from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._network import default_group_is_shut, default_port, may_connect, may_leave
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import applications, named_clusters, network, services


class DatabaseAdmitsTasks(Rule):
    """The security groups of the database allow its port from the security groups of the tasks that use it, and the
    tasks' groups allow the connection out.

    Risk: The application cannot reach its database; it exits or hangs at start.

    Fix: Add an ingress rule for the database's port whose source is the tasks' security group.
    """

    id = "E9201"
    shortdesc = "The database's security group allows the tasks"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-security.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            worn, port = cluster["VpcSecurityGroupIds"], default_port(stack, cluster)
            lies_in = stack.resource(cluster["DBSubnetGroupName"], "AWS::DocDB::DBSubnetGroup")
            inside = lies_in["SubnetIds"].items if lies_in is not None else []
            if not worn.given and services(stack) and default_group_is_shut(stack, inside):
                yield finding(
                    cluster.here, f"{cluster.id} has the VPC's default security group, which does not allow the tasks"
                )
            for service in services(stack):
                named = named_clusters(service)
                if cluster.id not in named and (named or service not in applications(stack)):
                    continue
                tasks = network(service)["SecurityGroups"]
                if may_connect(stack, tasks, worn, port) is False:
                    yield finding(worn, f"{cluster.id} does not allow port {port} from the tasks of {service.id}")
                elif may_leave(stack, tasks, worn, port) is False:
                    yield finding(tasks, f"The tasks of {service.id} may not connect to {cluster.id} on port {port}")
