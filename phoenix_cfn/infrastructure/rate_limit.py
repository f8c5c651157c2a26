"""The rate limit: WAF blocks the requests of an IP address above it."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub
from troposphere.wafv2 import (
    AllowAction,
    BlockAction,
    CustomResponse,
    DefaultAction,
    RateBasedStatement,
    RuleAction,
    Statement,
    VisibilityConfig,
    WebACL,
    WebACLAssociation,
    WebACLRule,
)

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
    rule = WebACLRule(
        Name="rate-limit",
        Priority=0,
        Statement=Statement(
            RateBasedStatement=RateBasedStatement(AggregateKeyType="IP", EvaluationWindowSec=WINDOW, Limit=limit)
        ),
        Action=RuleAction(Block=BlockAction(CustomResponse=CustomResponse(ResponseCode=_TOO_MANY_REQUESTS))),
        VisibilityConfig=_visible("rate-limit"),
    )
    acl = scope.add(
        WebACL(
            "WebAcl",
            Name=Sub(scope.names.web_acl),
            Scope="REGIONAL",
            DefaultAction=DefaultAction(Allow=AllowAction()),
            Rules=[rule],
            VisibilityConfig=_visible("web-acl"),
        )
    )
    scope.add(
        WebACLAssociation(
            "WebAclAssociation",
            ResourceArn=Ref(load_balancing.load_balancer),
            WebACLArn=GetAtt(acl, "Arn"),
        )
    )


def _visible(name: str) -> VisibilityConfig:
    """Metrics in CloudWatch, and samples of blocked requests in the console."""
    return VisibilityConfig(CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True)
