from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import may_leave
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, transport, ways


class LoadBalancerReachesTasks(Rule):
    """If the load balancer's security groups limit egress, they allow the container's port to the tasks.

    Risk: Requests return 504 and health checks fail, although the tasks allow the load balancer.

    Fix: Add an egress rule for the container's port whose destination is the tasks' security group.
    """

    id = "E9108"
    shortdesc = "The load balancer's security group allows requests to the tasks"
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html"
    )
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for way in ways(stack):
            front, port = way.balancer["SecurityGroups"], way.registration.port
            protocol, worn = transport(way.registration), network(way.service)["SecurityGroups"]
            if protocol and may_leave(stack, front, worn, port, protocol) is False:
                yield finding(front, f"{way.balancer.id} may not open connections to the tasks on port {port}")
