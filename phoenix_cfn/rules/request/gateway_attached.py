"""E9116: An internet gateway is attached to the network."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class GatewayAttached(Rule):
    """An internet gateway that a route leads to is attached to a VPC, and the route waits for the attachment.

    Risk: The stack fails: the route's gateway does not belong to the network (yet).

    Fix: Add a VPCGatewayAttachment, and DependsOn it in each route to the gateway.
    """

    id = "E9116"
    shortdesc = "An internet gateway is attached to the network"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        attachments = stack.of("AWS::EC2::VPCGatewayAttachment")
        attached = [stack.resource(one["InternetGatewayId"]) for one in attachments if one["InternetGatewayId"].given]
        if None in attached:
            return
        for route in stack.of("AWS::EC2::Route"):
            gateway = stack.resource(route["GatewayId"], "AWS::EC2::InternetGateway")
            if gateway is None:
                continue
            if not any(one is gateway for one in attached):
                yield finding(route["GatewayId"], f"{gateway.id} is attached to no VPC")
            elif not stack.waits_for(route, {one.id for one in attachments}):
                yield finding(route.here, f"{route.id} does not wait for the attachment of {gateway.id}")
