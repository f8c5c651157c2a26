from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.roles import lacking
from phoenix_cfn.rules._required_actions import from_ecr
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import containers


class ExecutionRole(Rule):
    """A Fargate task that logs to CloudWatch, or whose image is in ECR, has an execution role with the permissions.

    Risk: No task starts: the image cannot be pulled, or the log stream cannot be created.

    Fix: Allow ecr:GetAuthorizationToken, the three actions that read layers, logs:CreateLogStream and
    logs:PutLogEvents, as the finding names them.
    """

    id = "E9806"
    shortdesc = "The execution role may pull the image and write logs"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for task in stack.of("AWS::ECS::TaskDefinition"):
            needed: list[str] = []
            if any(one.at("LogConfiguration", "LogDriver").literal == "awslogs" for one in containers(task)):
                needed += ["logs:CreateLogStream", "logs:PutLogEvents"]
            if any(from_ecr(one["Image"].text) for one in containers(task)):
                needed += ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            node = task["ExecutionRoleArn"]
            fargate = any(item.literal == "FARGATE" for item in task["RequiresCompatibilities"].items)
            if needed and fargate and not node.given:
                yield finding(task.here, f"{task.id} has no execution role")
            if found := lacking(stack, node, needed):
                yield finding(node, f"{found[0].id} lacks {', '.join(found[1])}")
