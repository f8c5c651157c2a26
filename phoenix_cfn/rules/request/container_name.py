from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import containers, registrations, services, task_definition
from phoenix_cfn.rules._wires import note, parted


class ContainerName(Rule):
    """The container that a service's LoadBalancers names is one of its task definition's containers.

    Risk: ECS refuses the service: the container does not exist in the task definition.

    Fix: Use the same container name in the service and in the task definition.
    """

    id = "E9105"
    shortdesc = "The container behind the load balancer exists in the task definition"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-loadbalancer.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            task = task_definition(service)
            names = [container["Name"].text for container in containers(task)]
            for registration in registrations(service):
                wanted = registration.node["ContainerName"]
                if names and all(parted(stack, name, wanted.text) for name in names):
                    there = ", ".join(str(name) for name in names)
                    tied = note(stack, names[0], wanted.text)
                    yield finding(wanted, f"The task definition has no container {wanted.text}; it has {there}{tied}")
