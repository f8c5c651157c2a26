from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import scalable_target
from phoenix_cfn.rules._service import containers, services, task_definition


class ImageBeforeService(Rule):
    """A service's image comes from outside its template, not from a repository that the same stack creates.

    Risk: The repository is empty when the service starts: the first deployment always fails.

    Fix: Create the repository in the pipeline's stack, and pass the image to the infrastructure stack as a parameter.
    """

    id = "E9716"
    shortdesc = "The image exists before the service"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"
    tags = ["R5", "pipeline"]
    # With a condition, a second deployment creates the service, when the image exists.
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if service["DesiredCount"].number == 0 and scalable_target(stack, service) is None:
                continue
            for container in containers(task_definition(service)):
                value = container["Image"].text
                for ref in value.refs if value is not None else ():
                    repository = stack.resources.get(ref.name)
                    if repository is None or repository.type != "AWS::ECR::Repository":
                        continue
                    if not _is_seeded(stack, service, repository):
                        yield finding(container["Image"], f"{repository.id} is empty when {service.id} is created")


def _is_seeded(stack: Stack, service: Resource, repository: Resource) -> bool:
    """Whether the service depends on a resource that may push an image first: code that refers to the repository."""
    seeds = [
        one
        for one in stack.resources.values()
        if not one.type.startswith("AWS::")
        or one.type
        in ("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack", "AWS::CloudFormation::WaitCondition")
    ]
    seeding = {one.id for one in seeds if stack.waits_for(one, {repository.id})}
    return bool(seeding) and stack.waits_for(service, seeding)
