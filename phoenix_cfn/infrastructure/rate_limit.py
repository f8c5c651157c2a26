"""The rate limit: WAF refuses what an address requests beyond it."""

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

# Seconds, of those that WAF offers, in which the requests of an address are counted.
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
WINDOW = 60
_TOO_MANY_REQUESTS = 429


@part
def rate_limit(scope: Scope, load_balancing: LoadBalancing) -> None:
    """By the address that connects. It takes up to half a minute until WAF has counted.

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
    """Counted in CloudWatch, with samples of what was refused in the console."""
    return VisibilityConfig(CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True)
