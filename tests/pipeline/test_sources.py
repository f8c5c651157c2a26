"""Where the code comes from: a token, a connection or CodeCommit (improvement 4 of the kata)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from phoenix_cfn import Settings, gate, infrastructure, pipeline
from phoenix_cfn.pipeline.sources.kinds import KINDS
from phoenix_cfn.render import render
from phoenix_cfn.settings import PipelineSettings
from tests.stack import Stack, get_att, ref, text

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:${%s}"


def stack_of(source: str) -> Stack:
    return Stack(pipeline.template(Settings.of({"pipeline": {"source": source}})))


def source_action(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.properties("Pipeline")["Stages"][0]["Actions"][0]
    return found


def test_the_setting_names_every_source() -> None:
    assert list(KINDS) == list(get_args(get_type_hints(PipelineSettings)["source"]))


@pytest.mark.parametrize("source", KINDS)
def test_every_source_passes_the_gate(root: Path, cfnlintrc: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/buildspec.yml").write_bytes((root / "app/buildspec.yml").read_bytes())
    settings = Settings.of({"pipeline": {"source": source}})
    templates = {
        ".cfnlintrc": cfnlintrc.read_bytes(),
        "templates/Pipeline.yml": render(pipeline.template(settings)).encode(),
        "templates/Infrastructure.yml": render(infrastructure.template(settings)).encode(),
    }
    assert [each.text for each in gate.findings(tmp_path, templates)] == []


@pytest.mark.parametrize("source", KINDS)
def test_every_source_feeds_the_same_build_and_deployment(source: str) -> None:
    stack = stack_of(source)
    assert source_action(stack)["OutputArtifacts"] == [{"Name": "Source"}]
    assert stack.properties("Pipeline")["Stages"][1:] == stack_of("github-oauth").properties("Pipeline")["Stages"][1:]


def test_a_connection_needs_no_token_and_no_webhook() -> None:
    stack = stack_of("github-connection")
    assert "GithubOAuthToken" not in text(stack.data)
    assert not stack.of_type("AWS::CodePipeline::Webhook")
    assert source_action(stack)["Configuration"] == {
        "ConnectionArn": ref("ConnectionArn"),
        "FullRepositoryId": {"Fn::Sub": "${GithubUsername}/${GithubRepository}"},
        "BranchName": ref("GithubBranch"),
        "DetectChanges": True,
    }


def test_the_pipeline_may_use_this_connection_only() -> None:
    (use,) = (each for each in stack_of("github-connection").statements("PipelineRole") if "Connection" in text(each))
    assert use["Action"] == ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
    assert use["Resource"] == [ref("ConnectionArn")]


def test_a_push_to_codecommit_starts_the_pipeline() -> None:
    stack = stack_of("codecommit")
    assert not any(name.startswith("Github") for name in stack.parameters)
    assert source_action(stack)["Configuration"]["PollForSourceChanges"] is False
    rule = stack.properties("PushRule")
    assert rule["EventPattern"]["resources"] == [{"Fn::Sub": ARN % ("codecommit", "CodeCommitRepository")}]
    assert rule["EventPattern"]["detail"]["referenceName"] == [ref("CodeCommitBranch")]
    (target,) = rule["Targets"]
    assert target["RoleArn"] == get_att("PushRole", "Arn")
    assert stack.statements("PushRole") == [
        {
            "Effect": "Allow",
            "Action": ["codepipeline:StartPipelineExecution"],
            "Resource": [{"Fn::Sub": ARN % ("codepipeline", "Pipeline")}],
        }
    ]
