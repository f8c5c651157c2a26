from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services


class ServiceCluster(Rule):
    """A service is in the cluster that its scaling and its alarms use.

    Risk: Without Cluster, the service is in the account's default cluster, if there is one; scaling and alarms refer to
    another cluster.

    Fix: Set Cluster to the template's cluster.
    """

    id = "E9309"
    shortdesc = "The service is in the cluster of its template"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html"
    tags = ["wiring", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if not service["Cluster"].given and stack.of("AWS::ECS::Cluster"):
                yield finding(service.here, f"{service.id} is in the account's default cluster, not in this one")
