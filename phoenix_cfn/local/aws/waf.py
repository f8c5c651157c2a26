"""WAF: a web ACL is attached to a load balancer, and its rate-based rules limit what each address requests."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import scaled

_WAF = "https://docs.aws.amazon.com/waf/latest/developerguide"
_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
# The times of the requests, by the ARN of the ACL, the rule and the address.
_seen: dict[tuple[str, str, str], deque[float]] = {}


@correction(
    "A web ACL is associated with an existing load balancer, which has one at most",
    f"{_CFN}/aws-resource-wafv2-webaclassociation.html",
)
def associations() -> None:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        balancer, acl = properties["ResourceArn"], properties["WebACLArn"]
        if balancer not in ministack.alb._lbs or _acl(acl) is None:
            raise ValueError(
                "AWS WAF couldn't perform the operation because your resource doesn't exist: "
                f"{acl if balancer in ministack.alb._lbs else balancer}"
            )
        ministack.waf._associations[balancer] = acl
        return f"{acl}|{balancer}", {}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        ministack.waf._associations.pop(properties["ResourceArn"], None)

    ministack.handlers["AWS::WAFv2::WebACLAssociation"] = {"create": create, "delete": delete}


def _acl(arn: str) -> Any:
    return next((each for each in ministack.waf._web_acls.values() if each["ARN"] == arn), None)


@correction("A web ACL that is in use cannot be deleted", f"{_WAF}/web-acl-deleting.html")
def web_acls_in_use_stay() -> None:
    handler = ministack.handlers["AWS::WAFv2::WebACL"]
    delete = handler["delete"]

    def strict(physical_id: str, properties: dict[str, Any]) -> None:
        identifier = physical_id.split("|")[1]
        if any(f"/{identifier}" in arn for arn in ministack.waf._associations.values()):
            raise ValueError("AWS WAF couldn't delete the resource because it's associated with another resource.")
        delete(physical_id, properties)

    ministack.handlers["AWS::WAFv2::WebACL"] = {**handler, "delete": strict}


@correction(
    "A rate-based rule blocks an address that has sent more requests than its limit within its window",
    f"{_WAF}/waf-rule-statement-type-rate-based.html",
)
def rates_are_limited() -> None:
    plain = ministack.alb.dispatch_request

    async def dispatch(balancer: dict[str, Any], *rest: Any, **named: Any) -> Any:
        acl = _acl(ministack.waf._associations.get(balancer["LoadBalancerArn"], ""))
        for rule in acl["Rules"] if acl else []:
            if _is_over_limit(acl["ARN"], rule):
                return _blocked(rule)
        return await plain(balancer, *rest, **named)

    ministack.alb.dispatch_request = dispatch


def _is_over_limit(acl: str, rule: dict[str, Any]) -> bool:
    """Counts the request. Here at once; on AWS with a delay of some seconds."""
    statement = rule.get("Statement", {}).get("RateBasedStatement")
    if statement is None or statement["AggregateKeyType"] != "IP":
        raise ValueError(f"the local WAF does not know the statement of rule {rule.get('Name')}")
    times = _seen.setdefault((acl, rule["Name"], ministack.responses.get_request_client_ip()), deque())
    now = time.time()
    times.append(now)
    while times[0] < now - scaled(float(statement.get("EvaluationWindowSec", 300))):
        times.popleft()
    return len(times) > int(statement["Limit"])


def _blocked(rule: dict[str, Any]) -> Any:
    response = rule["Action"]["Block"].get("CustomResponse", {})
    return int(response.get("ResponseCode", 403)), {"Server": "awselb/2.0", "Content-Type": "text/html"}, b""
