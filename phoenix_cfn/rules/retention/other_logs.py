from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._logs import undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class OtherLogs(Rule):
    """The log groups that flow logs and ECS Exec write to are declared in the template.

    Risk: The log group is missing, and nothing is logged; or it is created without a retention.

    Fix: Declare the log group, and use a Ref of it.
    """

    id = "E9409"
    shortdesc = "The log groups of flow logs and ECS Exec are declared"
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        nodes = [flow["LogGroupName"] for flow in stack.of("AWS::EC2::FlowLog")]
        for cluster in stack.of("AWS::ECS::Cluster"):
            nodes.append(
                cluster.at("Configuration", "ExecuteCommandConfiguration", "LogConfiguration", "CloudWatchLogGroupName")
            )
        for node in nodes:
            if node.given and undeclared(stack, node.text):
                yield finding(node, f"The template declares no log group {node.text}")
