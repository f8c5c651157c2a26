"""A region in which a stage cannot run is refused before anything is created; the documents list the others."""

from __future__ import annotations

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.picture import region_table
from tests.stack import Stack, ref


def accepted(stack: Stack) -> list[str]:
    """The regions that the Rule of a template names."""
    (assertion,) = stack.data["Rules"]["RegionHasAllServices"]["Assertions"]
    regions, of = assertion["Assert"]["Fn::Contains"]
    assert of == ref("AWS::Region")
    assert "docs/regions.md" in assertion["AssertDescription"]
    return list(regions)


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1", "sa-east-1"])
def test_a_region_with_everything_is_accepted(pipeline_stack: Stack, infrastructure_stack: Stack, region: str) -> None:
    assert region in accepted(pipeline_stack)
    assert region in accepted(infrastructure_stack)


@pytest.mark.parametrize(
    "region",
    [
        *("us-west-1", "ap-southeast-6"),  # no DocumentDB
        *("ap-east-2", "ap-southeast-5", "ap-southeast-7", "ca-west-1", "mx-central-1"),  # no webhook, no authority
        *("il-central-1", "us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1"),  # no authority
        *("eusc-de-east-1", "us-iso-east-1", "me-south-1"),
    ],
)
def test_a_region_that_lacks_something_is_refused(
    pipeline_stack: Stack, infrastructure_stack: Stack, region: str
) -> None:
    assert region not in accepted(pipeline_stack)
    assert region not in accepted(infrastructure_stack)


def test_where_the_pipeline_runs_its_infrastructure_does(pipeline_stack: Stack, infrastructure_stack: Stack) -> None:
    assert set(accepted(pipeline_stack)) <= set(accepted(infrastructure_stack))


def test_an_instance_class_has_regions_of_its_own() -> None:
    for module in (pipeline, infrastructure):
        default = accepted(Stack(module.template(Settings())))
        narrower = accepted(Stack(module.template(Settings.of({"database": {"instance_class": "db.r8g.large"}}))))
        assert set(narrower) < set(default)
        assert "af-south-1" in set(default) - set(narrower)


def test_the_table_of_regions_shows_what_a_region_lacks() -> None:
    table = region_table(*(module.template(Settings()).to_dict() for module in (pipeline, infrastructure)))
    assert "| us-west-1 | no DocDB | no DocDB |" in table
