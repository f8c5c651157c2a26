"""CloudFormation's corrections."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.sessions import client_of
from tests.local.aws.test_corrections import SETTINGS
from tests.local.aws.test_documentdb import cluster

TOPIC = {"Topic": {"Type": "AWS::SNS::Topic"}}


def test_rule_functions_have_short_forms(lab: Lab) -> None:
    body = """
Parameters: {Count: {Type: Number, Default: 3}}
Rules:
  Few:
    Assertions: [{Assert: !Contains [['1', '2'], !Ref Count], AssertDescription: one or two}]
Resources: {Topic: {Type: 'AWS::SNS::Topic'}}
"""
    with pytest.raises(ClientError, match="one or two"):
        lab.cloudformation.create_stack(StackName="lab-rules", TemplateBody=body)


def test_unknown_parameters_are_refused(lab: Lab) -> None:
    with pytest.raises(ClientError, match=r"Parameters: \[Nothing\] do not exist in the template"):
        lab.begin(TOPIC, Parameters=[{"ParameterKey": "Nothing", "ParameterValue": "1"}])


@pytest.mark.parametrize(
    "reference", [{"Ref": "Nobody"}, {"Fn::Sub": "${Nobody.Arn}"}, {"Fn::GetAtt": ["Nobody", "Arn"]}], ids=str
)
def test_unresolved_references_are_refused(lab: Lab, reference: object) -> None:
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Nobody\]"):
        lab.begin({"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": reference}}})


def test_circles_are_refused(lab: Lab) -> None:
    circle = {
        name: {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": other}}}
        for name, other in (("One", "Other"), ("Other", "One"))
    }
    with pytest.raises(ClientError, match="Circular"):
        lab.begin(circle)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Colour": "red"}, r"extraneous key \[Colour\]"),
        ({"RetentionInDays": "soon"}, "expected type: Number"),
        ({"RetentionInDays": 8}, "not a valid enum value"),
    ],
)
def test_properties_follow_the_schema(lab: Lab, properties: dict[str, object], reason: str) -> None:
    found = lab.failure({"Group": {"Type": "AWS::Logs::LogGroup", "Properties": properties}})
    assert re.search(reason, found)


def test_missing_properties_fail(lab: Lab) -> None:
    reason = lab.failure({"Route": {"Type": "AWS::EC2::Route", "Properties": {}}})
    assert "required key [RouteTableId] not found" in reason


def test_names_collide(lab: Lab) -> None:
    group = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lab/taken"}}}
    lab.deploy(group)
    assert "already exists" in lab.failure(group)


def test_rolled_back_creations_stay(lab: Lab) -> None:
    bad = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 8}}}
    lab.failure(bad, StackName="lab-stays")
    with pytest.raises(ClientError, match="AlreadyExists"):
        lab.begin(TOPIC, StackName="lab-stays")
    assert lab.delete("lab-stays") in ("", "DELETE_COMPLETE")
    lab.deploy(TOPIC, StackName="lab-stays")


def test_service_role_is_consulted(lab: Lab) -> None:
    group = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lab/by-role"}}}
    everything = ["logs:*", "firehose:*", "s3:*"]
    roles = {
        "Able": role("cloudformation.amazonaws.com", allow(*everything)),
        "Unable": role(
            "cloudformation.amazonaws.com",
            allow(*everything),
            {"Effect": "Deny", "Action": ["logs:CreateLogGroup"], "Resource": ["*"]},
        ),
        "Elsewhere": role(
            "cloudformation.amazonaws.com",
            allow(*everything, resource={"Fn::Sub": "arn:aws:logs:*:${AWS::AccountId}:log-group:/other/*"}),
            allow("logs:Describe*", "logs:List*"),
        ),
        "Stranger": role("ecs.amazonaws.com", allow("*")),
    }
    arns = lab.deploy(roles, {name: {"Fn::GetAtt": [name, "Arn"]} for name in roles})
    for name in ("Unable", "Elsewhere"):
        assert "is not authorized to perform: logs:CreateLogGroup" in lab.failure(group, RoleARN=arns[name])
    with pytest.raises(ClientError, match="cannot be assumed"):
        lab.begin(group, RoleARN=arns["Stranger"])
    lab.deploy(group, RoleARN=arns["Able"])


def test_actions_are_checked_on_what_denials_of_iam_name(lab: Lab) -> None:
    """Registration on `*`, and its tags on the family without a revision, whatever the reference says."""
    family = "arn:aws:ecs:*:${AWS::AccountId}:task-definition/lab-family"
    task = {
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "lab-family",
                "Cpu": "256",
                "Memory": "512",
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "ContainerDefinitions": [{"Name": "a", "Image": "b"}],
                "Tags": [{"Key": "a", "Value": "b"}],
            },
        }
    }
    others = allow("ecs:D*", "ecs:L*", "ecs:U*", "iam:GetRole", "iam:PassRole")

    def deployer(*statements: Any) -> dict[str, Any]:
        return role("cloudformation.amazonaws.com", others, *statements)

    def on(action: str, *arns: str) -> list[dict[str, Any]]:
        return [allow(action, resource={"Fn::Sub": arn}) for arn in arns]

    roles = {
        "Revisions": deployer(*on("ecs:RegisterTaskDefinition", f"{family}:*"), allow("ecs:TagResource")),
        "NoFamily": deployer(allow("ecs:RegisterTaskDefinition"), *on("ecs:TagResource", f"{family}:*")),
        "Able": deployer(allow("ecs:RegisterTaskDefinition"), *on("ecs:TagResource", family, f"{family}:*")),
    }
    arns = lab.deploy(roles, {name: {"Fn::GetAtt": [name, "Arn"]} for name in roles})
    assert "ecs:RegisterTaskDefinition on resource: *" in lab.failure(task, RoleARN=arns["Revisions"])
    denied = r"ecs:TagResource on resource: \S+:task-definition/lab-family "
    assert re.search(denied, lab.failure(task, RoleARN=arns["NoFamily"]))
    lab.deploy(task, RoleARN=arns["Able"])


def test_a_role_must_be_passed(lab: Lab, aws: LocalAws) -> None:
    arns = lab.deploy(
        {
            "Deploy": role("cloudformation.amazonaws.com", allow("*")),
            "Caller": role("codepipeline.amazonaws.com", allow("cloudformation:*")),
        },
        {name: {"Fn::GetAtt": [name, "Arn"]} for name in ("Deploy", "Caller")},
    )
    caller = client_of(aws, "cloudformation", arns["Caller"])
    with pytest.raises(ClientError, match="iam:PassRole"):
        caller.create_stack(
            StackName="lab-passed", TemplateBody=json.dumps({"Resources": TOPIC}), RoleARN=arns["Deploy"]
        )


def test_provisioning_leaves_the_api_free(lab: Lab, aws: LocalAws) -> None:
    """A database takes a second or two to start: meanwhile the API answers, again and again."""
    sts = aws.client("sts")
    name = lab.begin(
        {
            "Cluster": {
                "Type": "AWS::DocDB::DBCluster",
                "Properties": {"MasterUsername": "lab", "MasterUserPassword": "long-enough"},
            }
        }
    )
    answers = 0
    while lab.status(name) == "CREATE_IN_PROGRESS":
        sts.get_caller_identity()
        answers += 1
    assert lab.status(name) == "CREATE_COMPLETE"
    assert answers >= 3


def test_custom_named_resources_are_not_replaced(lab: Lab) -> None:
    """MiniStack's own: the templates rely on it where they name what cannot be made anew beside the old one."""
    lab.deploy({"Cluster": cluster()})
    assert lab.update(lab.stacks[-1], {"Cluster": cluster(MasterUsername="other")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "when a custom-named resource requires replacing. Rename lab-db" in lab.reasons(lab.stacks[-1])


def test_databases_begin_early(lab: Lab, aws: LocalAws) -> None:
    """Before what it does not need, whatever the names."""
    aws.fail("lab-early", "Aaa", "as it was told")
    name = lab.begin({"Aaa": TOPIC["Topic"], "Zzz": cluster()}, StackName="lab-early")
    assert lab.settled(name) == "ROLLBACK_COMPLETE"
    events = lab.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    begun = [each["LogicalResourceId"] for each in reversed(events) if each["ResourceStatus"] == "CREATE_IN_PROGRESS"]
    assert begun[-2:] == ["Zzz", "Aaa"]


def test_metadata_references_are_dependencies(lab: Lab, aws: LocalAws) -> None:
    aws.fail("lab-metadata", "Zzz", "as it was told")
    first = {"Type": "AWS::SNS::Topic", "Metadata": {"CreatedAfter": [{"Ref": "Zzz"}]}}
    name = lab.begin({"Aaa": first, "Zzz": TOPIC["Topic"]}, StackName="lab-metadata")
    assert lab.settled(name) == "ROLLBACK_COMPLETE"
    events = lab.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    assert "Aaa" not in {each["LogicalResourceId"] for each in events}


def test_rollbacks_take_snapshots(lab: Lab, aws: LocalAws) -> None:
    aws.fail("lab-rollback", "Topic", "as it was told")
    resources = {
        "Cluster": {**cluster(), "DeletionPolicy": "Snapshot"},
        "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Cluster"},
    }
    assert lab.failure(resources, StackName="lab-rollback") == "as it was told"
    docdb = aws.client("docdb")
    [snapshot] = docdb.describe_db_cluster_snapshots(DBClusterIdentifier="lab-db")["DBClusterSnapshots"]
    docdb.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot["DBClusterSnapshotIdentifier"])


def test_failed_rollbacks_keep_their_resources(lab: Lab, aws: LocalAws) -> None:
    """A cluster that was being created when its stack was rolled back: later it is available, and is deleted."""
    aws.fail("lab-kept", "Topic", "as it was told")
    resources = {"Cluster": {**cluster(), "DeletionPolicy": "Snapshot"}, **TOPIC}
    name = lab.begin(resources, StackName="lab-kept")
    assert lab.settled(name) == "ROLLBACK_FAILED"
    docdb = aws.client("docdb")
    assert len(docdb.describe_db_clusters()["DBClusters"]) == 1
    assert lab.delete(name) in ("", "DELETE_COMPLETE")
    assert docdb.describe_db_clusters()["DBClusters"] == []
    [snapshot] = docdb.describe_db_cluster_snapshots(DBClusterIdentifier="lab-db")["DBClusterSnapshots"]
    docdb.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot["DBClusterSnapshotIdentifier"])


def test_the_actions_of_a_handler_are_needed_where_its_properties_ask_for_them() -> None:
    """But none that IAM does not know: no policy could allow it."""
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import permissions

    inline = permissions.needed("AWS::Lambda::Function", "create", {"Code": {"ZipFile": ""}})
    uploaded = permissions.needed("AWS::Lambda::Function", "create", {"Code": {"S3Bucket": "", "S3Key": ""}})
    assert "lambda:CreateFunction" in inline
    assert "lambda:AssociateRuntimeAlias" not in inline
    assert set(uploaded) - set(inline) == {"s3:GetObject", "s3:GetObjectVersion"}
