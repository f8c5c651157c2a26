"""CodePipeline's corrections: what it refuses, and how it fails. That it works is the story."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local import fork as local_fork
from phoenix_cfn.local.server import LocalAws
from tests.deployment.fork import TOKEN, Fork
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab, allow, role

MANUAL = {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}


def pipeline(fork: local_fork.Fork, *statements: dict[str, Any], **second: Any) -> dict[str, Any]:
    """A source from the fork, and a second action; its keys may be other ones."""
    source = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "ThirdParty", "Provider": "GitHub", "Version": "1"},
        "Configuration": {"Owner": fork.owner, "Repo": fork.name, "Branch": "master", "OAuthToken": TOKEN},
        "OutputArtifacts": [{"Name": "Source"}],
    }
    deploy = {
        "Name": "Deploy",
        "ActionTypeId": {"Category": "Deploy", "Owner": "AWS", "Provider": "CloudFormation", "Version": "1"},
        "Configuration": {
            "ActionMode": "CREATE_UPDATE",
            "StackName": "lab-deployed",
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "TemplatePath": "Source::nothing.yml",
        },
        "InputArtifacts": [{"Name": "Source"}],
        **second,
    }
    return {
        "Role": role("codepipeline.amazonaws.com", *statements),
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Pipeline": {
            "Type": "AWS::CodePipeline::Pipeline",
            "Properties": {
                "Name": "lab-pipeline",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Bucket"}},
                "Stages": [{"Name": "Source", "Actions": [source]}, {"Name": "Deploy", "Actions": [deploy]}],
            },
        },
    }


def _run(lab: Lab, aws: LocalAws, resources: dict[str, Any]) -> dict[str, Any]:
    """The execution that the pipeline's creation began, when it has ended."""
    bucket = lab.deploy(resources, {"Bucket": {"Ref": "Bucket"}})["Bucket"]
    found: dict[str, Any] = eventually(
        lambda: next(
            (each for each in aws.pipelines() if each["pipeline"] == "lab-pipeline" and each["status"] != "InProgress"),
            None,
        ),
        30,
        "the run ends",
    )
    _empty(aws, bucket)
    lab.clean()
    return found


def _empty(aws: LocalAws, bucket: str) -> None:
    s3 = aws.client("s3")
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])


def test_pipelines(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    found = _run(lab, aws, pipeline(fork, allow("s3:*")))
    assert [each["status"] for each in found["actions"]] == ["Succeeded", "Failed"]
    assert "File [nothing.yml] does not exist in artifact [Source]" in found["actions"][1]["summary"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("nothing.json", "File [nothing.json] does not exist in artifact [Source]"),
        ("README.md", "README.md is no JSON"),
    ],
)
def test_a_template_configuration_is_read(lab: Lab, aws: LocalAws, fork: Fork, file: str, words: str) -> None:
    """What is in it reaches the stack."""
    resources = pipeline(fork, allow("s3:*"))
    action = resources["Pipeline"]["Properties"]["Stages"][1]["Actions"][0]
    action["Configuration"]["TemplateConfiguration"] = f"Source::{file}"
    found = _run(lab, aws, resources)
    assert words in found["actions"][1]["summary"]


def test_pipelines_use_their_role(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    found = _run(lab, aws, pipeline(fork, allow("s3:Get*")))
    assert [each["status"] for each in found["actions"]] == ["Failed"]
    assert "s3:PutObject" in found["actions"][0]["summary"]


def test_pipelines_are_checked(lab: Lab, fork: Fork) -> None:
    unknown = pipeline(fork, InputArtifacts=[{"Name": "Other"}])
    assert "Other" in lab.failure(unknown)
    long = pipeline(fork)
    actions = long["Pipeline"]["Properties"]["Stages"][1]["Actions"]
    actions[0]["Configuration"]["ParameterOverrides"] = "x" * 1001
    assert "more than 1000 characters" in lab.failure(long)
    stranger = pipeline(fork)
    stranger["Role"] = role("ecs.amazonaws.com")
    assert "not authorized to assume" in lab.failure(stranger)


def test_pipelines_run_again_after_an_update_that_asks_for_it(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    def runs() -> int:
        found = [each for each in aws.pipelines() if each["pipeline"] == "lab-pipeline"]
        return 0 if any(each["status"] == "InProgress" for each in found) else len(found)

    resources = pipeline(fork)
    name = lab.begin(resources)
    assert lab.settled(name) == "CREATE_COMPLETE"
    resources["Pipeline"]["Properties"]["ExecutionMode"] = "SUPERSEDED"
    assert lab.update(name, resources) == "UPDATE_COMPLETE"
    eventually(lambda: runs() == 1, 30, "no other run than the first")
    resources["Pipeline"]["Properties"]["RestartExecutionOnUpdate"] = True
    assert lab.update(name, resources) == "UPDATE_COMPLETE"
    eventually(lambda: runs() == 2, 30, "a second run")
    assert aws.pipelines()[-1]["trigger"] == "RestartExecutionOnUpdate"
    _empty(aws, lab.resources(name)["Bucket"])


def test_a_namespace_must_be_an_earlier_actions(lab: Lab, fork: Fork) -> None:
    configuration = {"CustomData": "#{Build.Version}"}
    resources = pipeline(fork, ActionTypeId=MANUAL, InputArtifacts=[], Configuration=configuration)
    assert "Build.Version, whose namespace no earlier action has" in lab.failure(resources)


def approving(fork: Fork, *statements: dict[str, Any], **configuration: Any) -> dict[str, Any]:
    """A pipeline that has nothing but a question after its source, whose namespace is Source."""
    resources = pipeline(
        fork, *statements, Name="Approve", ActionTypeId=MANUAL, InputArtifacts=[], Configuration=configuration
    )
    [source] = resources["Pipeline"]["Properties"]["Stages"][0]["Actions"]
    source["Namespace"] = "Source"
    return resources


def _waiting(aws: LocalAws) -> dict[str, Any]:
    """The question, once there is one: what PutApprovalResult needs beside the answer."""

    def asked() -> str | None:
        state = aws.client("codepipeline").get_pipeline_state(name="lab-pipeline")
        [action] = state["stageStates"][1]["actionStates"]
        found: str | None = action.get("latestExecution", {}).get("token")
        return found

    token = eventually(asked, 30, "the pipeline asks")
    return {"pipelineName": "lab-pipeline", "stageName": "Deploy", "actionName": "Approve", "token": token}


def _statuses(aws: LocalAws) -> list[str]:
    return [each["status"] for each in aws.pipelines() if each["pipeline"] == "lab-pipeline"]


def test_pipelines_have_an_api(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    """An approval waits for its answer; a rejection fails the run; a token counts once."""
    client = aws.client("codepipeline")
    outputs = lab.deploy(approving(fork, allow("s3:*")), {"Bucket": {"Ref": "Bucket"}})
    question = _waiting(aws)
    with pytest.raises(ClientError, match="InvalidApprovalTokenException"):
        client.put_approval_result(**{**question, "token": "0" * 36}, result={"status": "Approved", "summary": ""})
    assert _statuses(aws) == ["InProgress"]
    client.put_approval_result(**question, result={"status": "Approved", "summary": "looks good"})
    eventually(lambda: _statuses(aws) == ["Succeeded"], 30, "the run succeeds")
    with pytest.raises(ClientError, match="ApprovalAlreadyCompletedException"):
        client.put_approval_result(**question, result={"status": "Approved", "summary": "again"})
    second = client.start_pipeline_execution(name="lab-pipeline")["pipelineExecutionId"]
    question = _waiting(aws)
    client.put_approval_result(**question, result={"status": "Rejected", "summary": "not on a Friday"})
    eventually(lambda: _statuses(aws) == ["Succeeded", "Failed"], 30, "the second run fails")
    assert aws.pipelines()[-1]["actions"][-1]["summary"] == "Rejected: not on a Friday"
    newest, _ = client.list_pipeline_executions(pipelineName="lab-pipeline")["pipelineExecutionSummaries"]
    assert (newest["pipelineExecutionId"], newest["status"]) == (second, "Failed")
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        client.get_pipeline_state(name="another")
    _empty(aws, outputs["Bucket"])


def test_of_the_runs_that_wait_for_a_stage_the_newest_goes_on(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    """The one that is in the stage stays there until it has its answer."""
    client = aws.client("codepipeline")
    outputs = lab.deploy(approving(fork, allow("s3:*")), {"Bucket": {"Ref": "Bucket"}})
    question = _waiting(aws)
    client.start_pipeline_execution(name="lab-pipeline")
    eventually(lambda: len(aws.pipelines()[-1]["actions"]) == 1, 30, "the second waits before the stage")
    client.start_pipeline_execution(name="lab-pipeline")
    eventually(lambda: _statuses(aws) == ["InProgress", "Superseded", "InProgress"], 30, "the third overtakes")
    client.put_approval_result(**question, result={"status": "Approved", "summary": ""})
    eventually(lambda: _statuses(aws)[0] == "Succeeded", 30, "the first ends")
    client.put_approval_result(**_waiting(aws), result={"status": "Approved", "summary": ""})
    eventually(lambda: _statuses(aws) == ["Succeeded", "Superseded", "Succeeded"], 30, "the third ends")
    _empty(aws, outputs["Bucket"])


def test_an_approval_is_published_with_the_pipelines_role(lab: Lab, aws: LocalAws, fork: Fork) -> None:
    """To an encrypted topic, of whose key the role needs the use as well."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    topic = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}},
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
    }
    link = "https://example.com/commit/#{Source.CommitId}"
    statements = [allow("s3:*"), allow("sns:Publish", resource={"Ref": "Topic"})]
    for needed in ([], [allow("kms:GenerateDataKey", "kms:Decrypt", resource={"Fn::GetAtt": ["Key", "Arn"]})]):
        resources = approving(
            fork,
            *statements,
            *needed,
            NotificationArn={"Ref": "Topic"},
            CustomData="Deploy?",
            ExternalEntityLink=link,
        )
        send = {**allow("sqs:SendMessage", resource={"Fn::GetAtt": ["Queue", "Arn"]}), "Principal": "*"}
        subscription = {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "QueuePolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [send]},
                },
            },
            "Subscription": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "sqs",
                    "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "RawMessageDelivery": True,
                },
            },
        }
        # The question comes once; it must find its reader.
        resources["Pipeline"]["DependsOn"] = ["QueuePolicy", "Subscription"]
        outputs = lab.deploy(
            {**topic, **subscription, **resources}, {"Bucket": {"Ref": "Bucket"}, "Queue": {"Ref": "Queue"}}
        )
        if not needed:
            eventually(lambda: _statuses(aws) == ["Failed"], 30, "the run fails")
            assert "kms:GenerateDataKey" in aws.pipelines()[-1]["actions"][-1]["summary"]
        else:
            token = _waiting(aws)["token"]
            received = aws.client("sqs").receive_message(QueueUrl=outputs["Queue"])["Messages"]
            approval = json.loads(received[0]["Body"])["approval"]
            assert approval["externalEntityLink"] == f"https://example.com/commit/{fork.head()}"
            assert (approval["customData"], approval["token"]) == ("Deploy?", token)
            assert approval["approvalReviewLink"].endswith(token)
        _empty(aws, outputs["Bucket"])
        lab.clean()
