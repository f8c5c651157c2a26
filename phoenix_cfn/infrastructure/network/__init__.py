"""The network that everything runs in: a file for each kind."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere.ec2 import VPC, Route, SecurityGroup, Subnet


@dataclass(frozen=True)
class SecurityGroups:
    """One for each tier: `load_balancer` admits the internet, `tasks` the load balancer, `database` the tasks."""

    load_balancer: SecurityGroup
    tasks: SecurityGroup
    database: SecurityGroup


@dataclass(frozen=True)
class Network:
    """`public`: reached from the internet; `private`: reaches it through a NAT gateway; `isolated`: no way in or out.

    `groups`: the security groups. A resource that needs the internet from its start DependsOn `internet_route` (public)
    or `egress_routes` (private).
    """

    vpc: VPC
    public: list[Subnet]
    private: list[Subnet]
    isolated: list[Subnet]
    internet_route: Route
    egress_routes: list[Route]
    groups: SecurityGroups
