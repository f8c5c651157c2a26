"""The facts about regions: recorded from what is installed, and enough for every template."""

from __future__ import annotations

from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.cloudformation.facts.regions import AUTHORITIES_PACKAGE, Regions
from phoenix_cfn.common.regions import resource_types
from phoenix_cfn.pipeline.sources import KINDS

RECORDED = Regions.recorded()


def test_the_record_is_what_cfn_lint_says() -> None:
    installed = Regions.read(RECORDED.lacking, RECORDED.authorities, RECORDED.sources[AUTHORITIES_PACKAGE])
    assert installed == RECORDED, "python -m phoenix_cfn.cloudformation.facts.regions"


def test_every_type_that_the_templates_can_have_is_on_record() -> None:
    choices: list[dict[str, Any]] = [
        *({"pipeline": {"source": source}} for source in KINDS),
        {"load_balancer": {"https": "domain", "rate_limit": 100}, "network": {"nat_gateways": 0}},
    ]
    for chosen in choices:
        for module in (pipeline, infrastructure):
            template = module.template(Settings.of(chosen)).to_dict()
            assert resource_types(template) <= set(RECORDED.lacking)


def test_a_stage_without_documentdb_needs_no_authority_and_no_instance_class() -> None:
    assert RECORDED.missing("cn-north-1", {"AWS::ECS::Service"}, None) == []


def test_no_region_is_on_record_for_serverless_instances() -> None:
    assert RECORDED.missing("eu-central-1", {"AWS::DocDB::DBCluster"}, "db.serverless") == []


def test_a_type_of_ones_own_is_looked_up() -> None:
    assert "AWS::AppRunner::Service" not in RECORDED.lacking
    found = RECORDED.supported(["AWS::AppRunner::Service"], "db.t4g.medium")
    assert "us-east-1" in found
    assert "sa-east-1" not in found


def test_a_region_lacks_services_types_classes_and_authorities() -> None:
    kinds = {"AWS::DocDB::DBCluster", "AWS::CodePipeline::Pipeline", "AWS::CodePipeline::Webhook"}
    authority = "no certificate authority for the database"
    assert RECORDED.missing("eu-central-1", kinds, "db.t4g.medium") == []
    assert RECORDED.missing("us-west-1", kinds, "db.t4g.medium") == ["no DocDB"]
    assert RECORDED.missing("ca-west-1", kinds, "db.t4g.medium") == ["no CodePipeline::Webhook", authority]
    assert RECORDED.missing("af-south-1", kinds, "db.r8g.large") == ["no db.r8g.large"]
    assert RECORDED.missing("cn-north-1", kinds, "db.t4g.medium") == [authority]
    assert RECORDED.missing("moon-1", kinds, "db.t4g.medium") == ["cfn-lint has no schemas for it"]
