from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployments import by_codedeploy
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import task_definition


class CodeDeployRevision(Rule):
    """The TaskDefinition of a service that CodeDeploy deploys is a family, and the service is created after it.

    Risk: With Ref, every change of the task definition also changes the service, and the update fails: ECS does not
    change the task definition of a service with a CODE_DEPLOY deployment controller. Without DependsOn, the family may
    not exist when the service is created.

    Fix: Set TaskDefinition to the family, and add the task definition to DependsOn.
    """

    id = "W9313"
    shortdesc = "A service that CodeDeploy deploys has no task definition revision"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in by_codedeploy(stack):
            task = task_definition(service)
            node = service["TaskDefinition"]
            if task is None or node.text is None:
                continue
            if node.text.reference is not None and node.text.reference.name == task.id:
                yield finding(node, f"A new revision of {task.id} changes {service.id}, and ECS refuses the update")
            elif not stack.waits_for(service, {task.id}):
                yield finding(node, f"{service.id} is not created after {task.id}: DependsOn lacks it")
