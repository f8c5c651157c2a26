from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SubscriptionAddress(Rule):
    """A subscription exists only where its endpoint is not empty.

    Risk: With the parameter's default, an empty string, creating the stack fails.

    Fix: Add a condition to the subscription: the parameter is not empty.
    """

    id = "E9510"
    shortdesc = "A subscription has an address"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html"
    )
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        nodes = [one["Endpoint"] for one in stack.of("AWS::SNS::Subscription")]
        nodes += [item["Endpoint"] for topic in stack.of("AWS::SNS::Topic") for item in topic["Subscription"].items]
        for node in nodes:
            if node.literal == "":
                yield finding(node, "The endpoint is empty")
