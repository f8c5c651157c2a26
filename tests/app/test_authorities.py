"""The authorities of the database's certificates, by which docs/regions.md and the templates choose regions."""

from __future__ import annotations

from phoenix_cfn.cloudformation.facts.regions import AUTHORITIES_PACKAGE, Regions, installed_authorities
from tests.app.nodes import APP


def test_the_record_of_regions_is_what_the_application_trusts() -> None:
    recorded = Regions.recorded()
    authorities, version = installed_authorities(APP)
    assert authorities == recorded.authorities, "python -m phoenix_cfn.cloudformation.facts.regions"
    assert version == recorded.sources[AUTHORITIES_PACKAGE]
