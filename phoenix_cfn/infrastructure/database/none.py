"""No database."""

from __future__ import annotations

from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope


def none_database(_scope: Scope, _network: Network, _release: ReleaseParameters) -> Database:
    """No database resources or parameters, neither here nor in the pipeline stack."""
    return Database()
