from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import may_connect
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, transport, ways


class TasksAdmitLoadBalancer(Rule):
    """The security groups of the tasks allow the container's port from the security groups of their load balancer.

    Risk: Requests return 504, health checks fail, and ECS replaces task after task.

    Fix: Add an ingress rule for the container's port whose source is the load balancer's security group.
    """

    id = "E9107"
    shortdesc = "The tasks' security group allows the load balancer"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-network.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for way in ways(stack):
            worn, port = network(way.service)["SecurityGroups"], way.registration.port
            protocol = transport(way.registration)
            if protocol and may_connect(stack, way.balancer["SecurityGroups"], worn, port, protocol) is False:
                yield finding(worn, f"The tasks of {way.service.id} do not allow port {port} from {way.balancer.id}")
