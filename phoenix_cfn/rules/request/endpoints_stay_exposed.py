from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import UNWANTED


class EndpointsStayExposed(Rule):
    """No listener rule and no web ACL blocks requests to /crash or /generatecert.

    Risk: The kata requires that these endpoints stay exposed while the application stays available.

    Fix: Forward every path to the service; recovery and scaling handle the two endpoints.
    """

    id = "E9118"
    shortdesc = "The two unwanted endpoints stay reachable"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html"
    tags = ["R1", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for rule in stack.of("AWS::ElasticLoadBalancingV2::ListenerRule"):
            if any(action["Type"].literal in ("forward", None) for action in rule["Actions"].items):
                continue
            for condition in rule["Conditions"].items:
                for node in [*condition["Values"].items, *condition.at("PathPatternConfig", "Values").items]:
                    if (node.literal or "").rstrip("*/").lower() in UNWANTED:
                        yield finding(node, f"Requests to {node.literal} do not reach the application")
        for acl in stack.of("AWS::WAFv2::WebACL"):
            for block in acl["Rules"].items:
                if not block.at("Action", "Block").given:
                    continue
                for node in block["Statement"].walk():
                    if (
                        node["SearchString"].literal is not None
                        and (node["SearchString"].literal or "").lower() in UNWANTED
                    ):
                        yield finding(node["SearchString"], f"Requests to {node['SearchString'].literal} are blocked")
