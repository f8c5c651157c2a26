"""E9107: The tasks' security group lets the load balancer in."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import all_known, groups, may_connect
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import load_balancers, network, registrations, services


class TasksAdmitLoadBalancer(Rule):
    """The security groups of the tasks admit the container's port from the security groups of their load balancer.

    Risk: Requests end in 504, health checks fail, ECS replaces task after task.

    Fix: Add an ingress rule for the container's port whose source is the load balancer's security group.
    """

    id = "E9107"
    shortdesc = "The tasks' security group lets the load balancer in"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-network.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            worn = network(service)["SecurityGroups"]
            for registration in registrations(service):
                for balancer in load_balancers(stack, registration.target_group) if registration.target_group else []:
                    front = balancer["SecurityGroups"]
                    known = all(all_known(stack, node, "AWS::EC2::SecurityGroup") for node in (worn, front))
                    if (
                        known
                        and may_connect(stack, groups(stack, front), groups(stack, worn), registration.port) is False
                    ):
                        yield finding(
                            worn, f"The tasks of {service.id} do not admit port {registration.port} from {balancer.id}"
                        )
