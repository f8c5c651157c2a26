from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._logs import undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class FunctionLogs(Rule):
    """The log group that a Lambda function writes to is declared in the template.

    Risk: Lambda creates the log group at the first invocation, without a retention; the logs never expire, even when
    the stack is deleted.

    Fix: Declare a log group, and set it in LoggingConfig.
    """

    id = "E9404"
    shortdesc = "The log group of a function is declared"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for function in stack.of("AWS::Lambda::Function"):
            given = function.at("LoggingConfig", "LogGroup")
            name = stack.name_of(function)
            group = given.text if given.given else text("/aws/lambda/", name)
            if undeclared(stack, group):
                yield finding(given if given.given else function.here, f"The template declares no log group {group}")
