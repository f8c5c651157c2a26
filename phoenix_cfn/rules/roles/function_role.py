from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.roles import lacking
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class FunctionRole(Rule):
    """The role of a Lambda function may write to CloudWatch Logs.

    Risk: The function has no logs: why it fails is not visible.

    Fix: Allow logs:CreateLogStream and logs:PutLogEvents on the function's log group.
    """

    id = "E9810"
    shortdesc = "A function's role may write its log"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for function in stack.of("AWS::Lambda::Function"):
            if found := lacking(stack, function["Role"], ("logs:CreateLogStream", "logs:PutLogEvents")):
                yield finding(function["Role"], f"{found[0].id} lacks {', '.join(found[1])}")
