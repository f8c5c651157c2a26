from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._network import other_port
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import applications, environment, names_known, of_the_kata, registrations, secrets
from phoenix_cfn.rules._wires import note


class PortVariable(Rule):
    """The application's container has the variable PORT, with the port on which the service registers the container.

    Risk: The application listens on another port (3000 without PORT), and all health checks fail.

    Fix: Set the environment variable PORT to the container's port.
    """

    id = "E9120"
    shortdesc = "PORT is the port that the load balancer uses"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-taskdefinition-containerdefinition.html"
    tags = ["wiring", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in applications(stack):
            for registration in registrations(service):
                container = registration.container
                if container is None or not of_the_kata(stack, container) or not names_known(container):
                    continue
                told = environment(container)
                if "PORT" in told:
                    if other_port(stack, told["PORT"].text, registration.port):
                        yield finding(
                            told["PORT"],
                            f"PORT is {told['PORT'].text}, the load balancer uses {registration.port}"
                            + note(stack, told["PORT"].text, registration.port),
                        )
                elif "PORT" not in secrets(container) and other_port(stack, registration.port, text("3000")):
                    yield finding(container, f"The container has no PORT: it listens on 3000, not {registration.port}")
