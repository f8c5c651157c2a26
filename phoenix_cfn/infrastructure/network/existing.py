"""An existing network: its VPC and subnets are parameters."""

from __future__ import annotations

from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.security_groups import security_groups
from phoenix_cfn.scope import Scope, part


@part
def existing_network(scope: Scope) -> Network:
    """Adds only security groups."""
    given = scope.parameters.network
    public, private, database = (
        [given[f"{tier}Subnet{zone}"] for zone in "AB" if f"{tier}Subnet{zone}" in given]
        for tier in ("Public", "Private", "Database")
    )
    vpc = given["VpcId"]
    return Network(vpc, [*public], [*private], [*database], None, [], security_groups(scope, vpc))
