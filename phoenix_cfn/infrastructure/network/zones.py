"""The Availability Zones of a stage: two, chosen by position."""

from __future__ import annotations

from troposphere import GetAZs, Select

from phoenix_cfn.scope import Scope


def availability_zone(scope: Scope, number: int) -> Select:
    """The stage's first or second zone (0 or 1), by its position in the account's list of the region's zones."""
    return Select(scope.settings.network.availability_zones[number] - 1, GetAZs(""))
