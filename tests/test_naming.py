"""Names: within AWS's limits for every stage, and never shared by two."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.naming import STAGE_PREFIX_MAX_LENGTH, STAGE_PREFIX_PATTERN, Names, in_stage
from tests.stack import walk

STAGES = st.from_regex(STAGE_PREFIX_PATTERN, fullmatch=True).filter(lambda stage: len(stage) <= STAGE_PREFIX_MAX_LENGTH)
NAMES = Names.of(Settings().name)

# What AWS takes, by the resource type and the property that names it: pattern and length, from its documentation.
ALPHABETS = {
    ("AWS::ECS::Cluster", "ClusterName"): r"[A-Za-z0-9_-]{1,255}",
    ("AWS::ECS::TaskDefinition", "Family"): r"[A-Za-z0-9_-]{1,255}",
    ("AWS::DocDB::DBCluster", "DBClusterIdentifier"): r"(?!.*--)[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    ("AWS::DocDB::DBInstance", "DBInstanceIdentifier"): r"(?!.*--)[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    ("AWS::CloudWatch::Dashboard", "DashboardName"): r"[A-Za-z0-9_-]{1,255}",
    ("AWS::Logs::LogGroup", "LogGroupName"): r"[.\-_/#A-Za-z0-9]{1,512}",
    ("AWS::SecretsManager::Secret", "Name"): r"(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]{1,512}",
    ("AWS::ECR::Repository", "RepositoryName"): r"(?=.{2,256}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*",
    ("AWS::CodeBuild::Project", "Name"): r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}",
    ("AWS::CodePipeline::Pipeline", "Name"): r"[A-Za-z0-9.@_-]{1,100}",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName"): r"[^\s]{1,256}",
}


# Properties that sound like names but point at something of AWS.
NOT_NAMES = {
    ("AWS::EC2::VPCEndpoint", "ServiceName"),
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::DocDB::DBClusterParameterGroup", "Family"),
}


def given_names() -> dict[tuple[str, str, str], str]:
    """What the templates name, by (type, property, logical id): the Fn::Sub text, or the fixed text if it were one."""
    found = {}
    for module in (infrastructure, pipeline):
        for logical_id, resource in module.template(Settings()).to_dict()["Resources"].items():
            for key, value in resource.get("Properties", {}).items():
                names = key.endswith(("Name", "Identifier")) or key == "Family"
                if not names or (resource["Type"], key) in NOT_NAMES:
                    continue
                if isinstance(value, str):
                    found[resource["Type"], key, logical_id] = value
                elif "Fn::Sub" in value:
                    found[resource["Type"], key, logical_id] = value["Fn::Sub"]
    return found


GIVEN = given_names()


def test_every_kind_of_name_that_the_templates_give_is_checked_here() -> None:
    assert {(kind, key) for kind, key, _ in GIVEN} == set(ALPHABETS)


@given(STAGES)
def test_every_stage_gives_names_that_aws_takes(stage: str) -> None:
    for (kind, key, logical_id), name in GIVEN.items():
        assert re.fullmatch(ALPHABETS[kind, key], in_stage(name, stage)), (logical_id, in_stage(name, stage))


@given(STAGES)
def test_every_name_fits_its_limit(stage: str) -> None:
    for kind, name in asdict(NAMES).items():
        assert len(in_stage(name, stage)) <= NAMES.limits()[kind]


@given(STAGES, STAGES)
def test_two_stages_never_share_a_name(one: str, other: str) -> None:
    if one == other:
        return
    for kind in {(kind, key) for kind, key, _ in GIVEN}:
        names = [name for (*of, _), name in GIVEN.items() if tuple(of) == kind]
        assert not {in_stage(name, one) for name in names} & {in_stage(name, other) for name in names}
    assert in_stage(NAMES.infrastructure_stack, one) != in_stage(NAMES.infrastructure_stack, other)


def test_every_given_name_carries_the_stage() -> None:
    assert all("${StagePrefix}" in name for name in GIVEN.values())
    assert all("${StagePrefix}" in name for name in asdict(NAMES).values())


def test_roles_load_balancer_target_group_and_bucket_are_named_by_cloudformation() -> None:
    for module in (infrastructure, pipeline):
        for resource in module.template(Settings()).to_dict()["Resources"].values():
            if resource["Type"] in {
                "AWS::IAM::Role",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "AWS::ElasticLoadBalancingV2::TargetGroup",
                "AWS::S3::Bucket",
            }:
                own = {path[0] for path, _ in walk(resource["Properties"]) if path}
                assert not own & {"RoleName", "Name", "BucketName"}
