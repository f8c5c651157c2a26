"""What starts a pipeline: the corrections of its sources. That a webhook works is the story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.local.fork import CONNECTION, Fork
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.settings import SourceKind
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.test_codepipeline import MANUAL, pipeline


def test_webhooks(lab: Lab, fork: Any) -> None:
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


@pytest.fixture
def small(aws: LocalAws, tmp_path: Path, request: pytest.FixtureRequest) -> Fork:
    """A project of one file, at a host of its own for each test."""
    (tmp_path / "file").write_text("content")
    source: SourceKind = "codecommit" if "rules" in request.node.name else "github-connection"
    made = Fork(aws, "source", request.node.name.replace("_", "-"), source)
    made.fill(tmp_path)
    made.push("First")
    return made


def sourced(fork: Fork, provider: str, configuration: dict[str, Any], *statements: dict[str, Any]) -> dict[str, Any]:
    """A pipeline with a source of this provider of AWS, and a question after it."""
    resources: dict[str, Any] = pipeline(
        fork, allow("s3:*"), *statements, ActionTypeId=MANUAL, InputArtifacts=[], Configuration={}
    )
    [action] = resources["Pipeline"]["Properties"]["Stages"][0]["Actions"]
    action["ActionTypeId"] = {"Category": "Source", "Owner": "AWS", "Provider": provider, "Version": "1"}
    action["Configuration"] = configuration
    return resources


def _sources(aws: LocalAws, count: int) -> list[dict[str, Any]]:
    """The source actions of so many runs, once they have ended."""

    def found() -> list[dict[str, Any]] | None:
        runs = [each["actions"] for each in aws.pipelines() if each["pipeline"] == "lab-pipeline"]
        actions = [each[0] for each in runs if each and each[0]["status"] != "InProgress"]
        return actions if len(actions) == len(runs) == count else None

    actions: list[dict[str, Any]] = eventually(found, 30, f"{count} runs are past their source")
    return actions


def _empty(lab: Lab, aws: LocalAws) -> None:
    s3, bucket = aws.client("s3"), lab.resources(lab.stacks[-1])["Bucket"]
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])


def test_connections_detect_changes(lab: Lab, aws: LocalAws, small: Fork) -> None:
    """A push starts a run; the connection must be able to read, and the role to use it."""
    configuration = {
        "ConnectionArn": CONNECTION,
        "FullRepositoryId": f"{small.owner}/{small.name}",
        "BranchName": "master",
    }
    provider = "CodeStarSourceConnection"
    lab.deploy(sourced(small, provider, configuration, allow("codeconnections:UseConnection", resource=CONNECTION)))
    [first] = _sources(aws, 1)
    assert (first["status"], first["summary"]) == ("Succeeded", small.head())
    second = small.push("Second")
    assert _sources(aws, 2)[1]["summary"] == second
    assert aws.pipelines()[-1]["trigger"] == "WebhookV2"
    _empty(lab, aws)
    lab.clean()
    assert small.remote.hooks() == {}
    lab.deploy(sourced(small, provider, configuration))
    assert "is not authorized to perform: codeconnections:UseConnection" in _sources(aws, 1)[0]["summary"]
    lab.clean()
    other = CONNECTION[:-1] + "0"
    usable = allow("codeconnections:UseConnection")
    lab.deploy(sourced(small, provider, {**configuration, "ConnectionArn": other}, usable))
    assert "[GitHub]" in _sources(aws, 1)[0]["summary"]


def test_rules_start_pipelines(lab: Lab, aws: LocalAws, small: Fork) -> None:
    """CodeCommit publishes pushes; the rule's role must be allowed to start the pipeline."""
    repository = f"arn:aws:codecommit:eu-central-1:000000000000:{small.name}"
    read = ["GetBranch", "GetCommit", "UploadArchive", "GetUploadArchiveStatus"]
    resources = sourced(
        small,
        "CodeCommit",
        {"RepositoryName": small.name, "BranchName": "master"},
        allow(*(f"codecommit:{each}" for each in read), resource=repository),
    )
    resources["Starter"] = role("events.amazonaws.com", allow("codepipeline:StartPipelineExecution"))
    resources["Rule"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {
                "source": ["aws.codecommit"],
                "detail-type": ["CodeCommit Repository State Change"],
                "resources": [repository],
                "detail": {"referenceType": ["branch"], "referenceName": ["master"]},
            },
            "Targets": [
                {
                    "Id": "pipeline",
                    "Arn": {"Fn::Sub": "arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}"},
                    "RoleArn": {"Fn::GetAtt": ["Starter", "Arn"]},
                }
            ],
        },
    }
    lab.deploy(resources)
    assert _sources(aws, 1)[0]["summary"] == small.head()
    second = small.push("Second")
    assert _sources(aws, 2)[1]["summary"] == second
    assert aws.pipelines()[-1]["trigger"] == "CloudWatchEvent"
    resources["Starter"] = role("events.amazonaws.com", allow("codepipeline:GetPipeline"))
    assert lab.update(lab.stacks[-1], resources) == "UPDATE_COMPLETE"
    small.push("Third")
    assert len(_sources(aws, 2)) == 2
    assert "events: User:" in aws.log()
    _empty(lab, aws)
