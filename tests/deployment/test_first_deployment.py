"""A first deployment may fail at a resource of any type: it is rolled back, and its stack can be deleted.

What comes before the database fails first, so that no rollback meets a database that is still being created.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.render import render
from tests.local.aws.lab import Lab, allow

from .account import existing

WHOLE = infrastructure.template(Settings())
TEMPLATE = WHOLE.to_dict()["Resources"]
# What comes after the service needs tasks that run, and a database that is there.
AFTER_THE_SERVICE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
}
# How AWS refuses some of them in an account that is new, or full.
REASONS = {
    "AWS::EC2::EIP": "The maximum number of addresses has been reached.",
    "AWS::EC2::NatGateway": "Performing this operation would exceed the limit of 5 NAT gateways",
    "AWS::EC2::VPC": "The maximum number of VPCs has been reached.",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "This AWS account currently does not support creating load balancers.",
    "AWS::IAM::Role": "Cannot exceed quota for RolesPerAccount: 1000",
    "AWS::Logs::LogGroup": "Resource of type 'AWS::Logs::LogGroup' with identifier '...' already exists.",
    "AWS::SNS::Subscription": "Invalid parameter: Email address",
}
# The last of each type, since most is there to be rolled back.
FAILING = list(
    {each["Type"]: title for title, each in TEMPLATE.items() if each["Type"] not in AFTER_THE_SERVICE}.values()
)


@pytest.fixture(scope="module")
def given(aws: LocalAws) -> Iterator[dict[str, str]]:
    """What a pipeline hands to the infrastructure stack: a secret, a boundary; and an image that never runs."""
    lab = Lab(aws)
    found = lab.deploy(
        {
            "Secret": {
                "Type": "AWS::SecretsManager::Secret",
                "Properties": {"SecretString": '{"username":"documentdb","password":"long-enough"}'},
            },
            "Boundary": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("*")]}},
            },
        },
        {"MongoDBSecretArn": {"Ref": "Secret"}, "RoleBoundaryArn": {"Ref": "Boundary"}},
        StackName="first-given",
    )
    yield {**found, "DockerImageURI": "nowhere/phoenix@sha256:" + "0" * 64}
    lab.clean()


def test_every_resource_is_tried() -> None:
    assert set(REASONS) <= {TEMPLATE[title]["Type"] for title in FAILING}
    assert {TEMPLATE[title]["Type"] for title in FAILING} & AFTER_THE_SERVICE == set()


@pytest.mark.parametrize("resource", FAILING)
def test_a_failure_is_rolled_back(aws: LocalAws, given: dict[str, str], resource: str) -> None:
    lab = Lab(aws)
    reason = REASONS.get(TEMPLATE[resource]["Type"], "as the test wants it")
    aws.fail("first", resource, reason)
    before = existing(aws)
    parameters = {"StagePrefix": "first", "NotificationEmail": "ops@example.com", **given}
    lab.cloudformation.create_stack(
        StackName="first",
        TemplateBody=render(WHOLE),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        assert lab.settled("first") == "ROLLBACK_COMPLETE", lab.reasons("first")
        assert lab.reasons("first") == reason
    finally:
        assert lab.delete("first") in ("", "DELETE_COMPLETE")
        _forget_snapshots(aws)
    assert existing(aws) == before


def _forget_snapshots(aws: LocalAws) -> None:
    docdb: Any = aws.client("docdb")
    for each in docdb.describe_db_cluster_snapshots(DBClusterIdentifier="first-phoenix")["DBClusterSnapshots"]:
        docdb.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=each["DBClusterSnapshotIdentifier"])
