from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._logs import undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BuildLogs(Rule):
    """The log group that a CodeBuild project writes to is declared in the template.

    Risk: CodeBuild creates the log group without a retention, and the logs never expire.

    Fix: Declare the log group /aws/codebuild/ followed by the project's name, or set a declared one in LogsConfig.
    """

    id = "E9403"
    shortdesc = "The log group of a build is declared"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/change-project.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for project in stack.of("AWS::CodeBuild::Project"):
            logs = project.at("LogsConfig", "CloudWatchLogs")
            if logs["Status"].literal == "DISABLED" or logs.opaque or project["LogsConfig"].opaque:
                continue
            name = stack.name_of(project)
            group = logs["GroupName"].text if logs["GroupName"].given else text("/aws/codebuild/", name)
            if undeclared(stack, group):
                yield finding(
                    logs["GroupName"] if logs["GroupName"].given else project.here,
                    f"The template declares no log group {group}",
                )
