"""The network that everything runs in: a file for each kind."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from msgspec import Struct
from troposphere import AWSObject, Parameter
from troposphere.ec2 import VPC, Route, SecurityGroup, Subnet

from phoenix_cfn.scope import Scope


class SecurityGroups(Struct, frozen=True):
    """One for each tier: `load_balancer` admits the internet, `tasks` the load balancer, `database` the tasks.

    `database` is None where the stack has no DocumentDB cluster.
    """

    load_balancer: SecurityGroup
    tasks: SecurityGroup
    database: SecurityGroup | None


class Network(Struct, frozen=True):
    """`public`: reached from the internet; `private`: reaches it through a NAT gateway; `isolated`: no way in or out,
    none without a DocumentDB cluster.

    `groups`: the security groups. A resource that needs the internet from its start DependsOn `internet_route` (public)
    or `egress_routes` (private): without NAT gateways these are endpoints of AWS services. Of a network that exists,
    VPC and subnets are parameters, and there is nothing to wait for.
    """

    vpc: VPC | Parameter
    public: list[Subnet | Parameter]
    private: list[Subnet | Parameter]
    isolated: list[Subnet | Parameter]
    internet_route: Route | None
    egress_routes: list[AWSObject]
    groups: SecurityGroups


def network_of_kind(scope: Scope) -> Network:
    """The network of the kind that the settings choose: `vpc` by vpc.py."""
    kind = scope.settings.network.kind
    build = getattr(import_module(f"{__name__}.{kind}"), f"{kind}_network")
    return cast(Callable[[Scope], Network], build)(scope)
