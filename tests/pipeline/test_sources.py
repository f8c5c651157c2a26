"""Where the code comes from: a token, a connection or CodeCommit (improvement 4 of the kata)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, pipeline
from phoenix_cfn.pipeline import sources
from phoenix_cfn.pipeline.sources import KINDS
from tests.inputs import Row
from tests.stack import Stack, get_att, ref, text

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:${%s}"

_GIT = "https://git-scm.com/docs/git-check-ref-format"
_REPOSITORIES = "https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories"

_BRANCHES = Row(
    accepted=(
        "main",
        "release/1.0",
        "feature/#123",
        "dependabot/npm_and_yarn/@types/node-22.1",
        "user@topic",
        "a+b=c,(d)&e%f!",
        "_hidden",
        "v1.0.lock.d",
        "a" * 255,
    ),
    refused=(
        "",
        "a b",
        "/main",
        "main/",
        "a//b",
        "a..b",
        ".a",
        "a/.b",
        "a.",
        "a.lock",
        "a.lock/b",
        "-a",
        "@",
        "a@{b",
        "#{a}",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[b",
        "a\\b",
        "refs/heads/main",
        "a" * 256,
    ),
    says="without refs/heads/",
    source=_GIT,
)
_REPOSITORY = Row(
    accepted=("cloud-phoenix-kata", "a", "a.b", ".github", "a_b", "-", "a" * 100),
    refused=("", "owner/name", "a b", ".", "..", "a.git", "https://github.com/a/b", "a" * 101),
    says="Enter the name of the repository",
    source=_REPOSITORIES,
)

# What each parameter of a source accepts and refuses; tests/test_inputs.py tries it.
PARAMETERS: dict[str, Row] = {
    "GithubUsername": Row(
        accepted=("octocat", "my-org", "A", "0", "a" * 39, "octocat_acme", "mona-cat_octo1", "acme_admin"),
        refused=(
            *("", "-x", "x-", "a--b", "a b", "a/b", "a.b", "https://github.com/octocat", "a" * 40),
            *("_acme", "octocat_", "a_b_c", "octocat__acme", "octocat-_acme"),
        ),
        says="GitHub user or organization",
        source=(
            "https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/"
            "username-considerations-for-external-authentication"
        ),
    ),
    "GithubRepository": _REPOSITORY,
    "GithubBranch": _BRANCHES,
    "GithubOAuthToken": Row(
        accepted=("ghp_" + "a" * 36, "gho_" + "A1" * 18, "0" * 40, "ghp_" + "a" * 251),
        refused=("", "secret", "ghp_short", "github_pat_11AAAAAAA0", "ghp_" + "a" * 252, "ghp_" + "-" * 36, "G" * 40),
        says="classic token",
        source="https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html",
    ),
    "ConnectionArn": Row(
        accepted=(
            "arn:aws:codeconnections:eu-central-1:123456789012:connection/aEXAMPLE-8aad-4d5d-8878-dfcab0bc441f".replace(
                "aEXAMPLE", "a1b2c3d4"
            ),
            "arn:aws:codestar-connections:us-east-1:123456789012:connection/a1b2c3d4-8aad-4d5d-8878-dfcab0bc441f",
        ),
        refused=(
            *("", "connection/1", "arn:aws:codeconnections:eu-central-1:123456789012:host/a1b2c3d4"),
            "arn:aws:codecommit:eu-central-1:123456789012:connection/a1b2c3d4",
        ),
        says="full ARN of a connection",
        source="https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html",
    ),
    "CodeCommitRepository": Row(
        accepted=("phoenix", "a.b_c-d", "a" * 100),
        refused=("", "a b", "a/b", ".", "a.git", "a" * 101),
        says="Enter the name of the repository",
        source="https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html",
    ),
    "CodeCommitBranch": _BRANCHES,
}


def stack_of(source: str) -> Stack:
    return Stack(pipeline.template(Settings.of({"pipeline": {"source": source}})))


def source_action(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.properties("Pipeline")["Stages"][0]["Actions"][0]
    return found


def test_the_setting_names_every_source() -> None:
    """Every other file of the folder is shared by sources."""
    modules = {path.stem for path in Path(sources.__path__[0]).glob("*.py")} - {"__init__", "git"}
    assert {kind.replace("-", "_") for kind in KINDS} == modules


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
