from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import subnets_of


class GatewayAttached(Rule):
    """An internet gateway that is the target of a route is attached to a VPC. Routes to the gateway, public NAT
    gateways and internet-facing load balancers depend on the attachment.

    Risk: Creating the stack fails: the network has no internet gateway (yet).

    Fix: Add a VPCGatewayAttachment, and add it (or a route that depends on it) to DependsOn of each of them.
    """

    id = "E9116"
    shortdesc = "Resources that need an internet gateway depend on its attachment"
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
                yield finding(route["GatewayId"], f"{gateway.id} is not attached to a VPC")
            elif not stack.waits_for(route, {one.id for one in attachments}):
                yield finding(route.here, f"{route.id} does not depend on the attachment of {gateway.id}")
        for needing in [*_public_nat_gateways(stack), *_public_balancers(stack)]:
            networks = _networks(stack, needing)
            own = {
                one.id
                for one in attachments
                if one["InternetGatewayId"].given and stack.resource(one["VpcId"], "AWS::EC2::VPC") in networks
            }
            if own and not stack.waits_for(needing, own):
                yield finding(needing.here, f"{needing.id} does not depend on {' or '.join(sorted(own))}")


def _public_nat_gateways(stack: Stack) -> list[Resource]:
    gateways = stack.of("AWS::EC2::NatGateway")
    return [
        one for one in gateways if one["ConnectivityType"].literal != "private" and not one["ConnectivityType"].unknown
    ]


def _public_balancers(stack: Stack) -> list[Resource]:
    balancers = stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer")
    return [one for one in balancers if one["Scheme"].literal != "internal" and not one["Scheme"].unknown]


def _networks(stack: Stack, needing: Resource) -> list[Resource]:
    """The VPCs of the template that a NAT gateway or a load balancer is in."""
    subnets = [stack.resource(node, "AWS::EC2::Subnet") for node in [needing["SubnetId"], *subnets_of(needing)]]
    found = [stack.resource(subnet["VpcId"], "AWS::EC2::VPC") for subnet in subnets if subnet is not None]
    return [each for each in found if each is not None]
