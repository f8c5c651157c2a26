from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._logs import comes_too_late, undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class InsightsLogs(Rule):
    """For a cluster with Container Insights, the template declares the log group of its performance events, and the
    cluster depends on it.

    Risk: CloudWatch creates the log group with another retention, and it stays when the stack is deleted.

    Fix: Declare the log group /aws/ecs/containerinsights/<cluster>/performance, and add it to the cluster's DependsOn.
    """

    id = "E9408"
    shortdesc = "The log group of Container Insights is declared"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContainerInsights.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in stack.of("AWS::ECS::Cluster"):
            for setting in cluster["ClusterSettings"].items:
                if setting["Name"].literal != "containerInsights" or setting["Value"].literal not in (
                    "enabled",
                    "enhanced",
                ):
                    continue
                name = stack.name_of(cluster)
                group = text("/aws/ecs/containerinsights/", name, "/performance")
                if undeclared(stack, group):
                    yield finding(setting["Value"], f"The template declares no log group {group}")
                elif cluster["ClusterName"].given and comes_too_late(stack, cluster, group):
                    yield finding(cluster.here, f"{cluster.id} does not depend on its log group {group}")
