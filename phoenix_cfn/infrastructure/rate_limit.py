"""The rate limit: WAF blocks the requests of an IP address above it."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub

from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope, part

# Seconds of the evaluation window, one of those that WAF offers.
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
WINDOW = 60
_TOO_MANY_REQUESTS = 429


@part
def rate_limit(scope: Scope, load_balancing: LoadBalancing) -> None:
    """Limits requests by source IP address. WAF reacts within about 30 seconds.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-caveats.html
    """
    limit = scope.settings.load_balancer.rate_limit
    if not limit:
        return
    from troposphere import wafv2  # not above: few projects need it, and it takes long to load

    rule = wafv2.WebACLRule(
        Name="rate-limit",
        Priority=0,
        Statement=wafv2.Statement(
            RateBasedStatement=wafv2.RateBasedStatement(AggregateKeyType="IP", EvaluationWindowSec=WINDOW, Limit=limit)
        ),
        Action=wafv2.RuleAction(
            Block=wafv2.BlockAction(CustomResponse=wafv2.CustomResponse(ResponseCode=_TOO_MANY_REQUESTS))
        ),
        VisibilityConfig=wafv2.VisibilityConfig(**_visible("rate-limit")),
    )
    acl = scope.add(
        wafv2.WebACL(
            "WebAcl",
            Name=Sub(scope.names.web_acl),
            Scope="REGIONAL",
            DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
            Rules=[rule],
            VisibilityConfig=wafv2.VisibilityConfig(**_visible("web-acl")),
        )
    )
    scope.add(
        wafv2.WebACLAssociation(
            "WebAclAssociation",
            ResourceArn=Ref(load_balancing.load_balancer),
            WebACLArn=GetAtt(acl, "Arn"),
        )
    )


def _visible(name: str) -> dict[str, Any]:
    """Metrics in CloudWatch, and samples of blocked requests in the console."""
    return {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": True}
