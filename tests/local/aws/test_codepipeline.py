"""CodePipeline's corrections: what it refuses, and how it fails. That it works is the story."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.fork import TOKEN, Fork
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab, allow, role


def pipeline(fork: Fork, *statements: dict[str, Any], **second: Any) -> dict[str, Any]:
    """A source from the fork, and a second action."""
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
    """What is in it reaches the stack: tests/deployment/test_settings_deployed.py."""
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


def test_webhooks(lab: Lab, fork: Fork) -> None:
    """One of a pipeline that does not exist is refused; that deliveries are checked is part of the story."""
    webhook = {
        "Type": "AWS::CodePipeline::Webhook",
        "Properties": {
            "Authentication": "GITHUB_HMAC",
            "AuthenticationConfiguration": {"SecretToken": "s"},
            "Filters": [{"JsonPath": "$.ref", "MatchEquals": "refs/heads/{Branch}"}],
            "TargetPipeline": "nobody",
            "TargetPipelineVersion": 1,
            "TargetAction": "Source",
        },
    }
    assert "There is no pipeline nobody" in lab.failure({"Webhook": webhook})


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
