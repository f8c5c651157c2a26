"""A network that exists already: its subnets are parameters, its routes are its owner's."""

from __future__ import annotations

from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.security_groups import security_groups
from phoenix_cfn.scope import Scope, part


@part
def existing_network(scope: Scope) -> Network:
    """The stage adds security groups to it, and nothing else."""
    given = scope.parameters.network
    public, private, database = (
        [given[f"{tier}Subnet{zone}"] for zone in "AB" if f"{tier}Subnet{zone}" in given]
        for tier in ("Public", "Private", "Database")
    )
    vpc = given["VpcId"]
    return Network(vpc, [*public], [*private], [*database], None, [], security_groups(scope, vpc))
