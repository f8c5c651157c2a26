"""The network: a file for each kind."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from msgspec import Struct
from troposphere import AWSObject, Parameter
from troposphere.ec2 import VPC, Route, SecurityGroup, Subnet

from phoenix_cfn.scope import Scope


class SecurityGroups(Struct, frozen=True):
    """One for each tier: `load_balancer` allows the internet, `tasks` the load balancer, `database` the tasks.

    `database` is None without a DocumentDB cluster.
    """

    load_balancer: SecurityGroup
    tasks: SecurityGroup
    database: SecurityGroup | None


class Network(Struct, frozen=True):
    """`public`: subnets with a route to an internet gateway; `private`: with a route to a NAT gateway; `isolated`:
    without a default route, empty without a DocumentDB cluster.

    `groups`: the security groups. A resource that needs the internet when it is created DependsOn `internet_route`
    (public) or `egress_routes` (private); without NAT gateways, the latter are endpoints of AWS services. Of an
    existing VPC, the VPC and the subnets are parameters, and there are no dependencies.
    """

    vpc: VPC | Parameter
    public: list[Subnet | Parameter]
    private: list[Subnet | Parameter]
    isolated: list[Subnet | Parameter]
    internet_route: Route | None
    egress_routes: list[AWSObject]
    groups: SecurityGroups


def network_of_kind(scope: Scope) -> Network:
    """The network of the kind in the settings: vpc.py for `vpc`."""
    kind = scope.settings.network.kind
    build = getattr(import_module(f"{__name__}.{kind}"), f"{kind}_network")
    return cast(Callable[[Scope], Network], build)(scope)
