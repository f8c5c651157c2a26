"""Wrong input is refused before anything exists, with words that help."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.server import LocalAws

from .fork import Fork
from .stage import Stage


@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        ("GithubOAuthToken", "github_pat_of_the_wrong_kind", "classic token"),
        ("StagePrefix", "Production", "lower-case"),
        ("StagePrefix", "a-stage-with-much-too-long-a-name", "20 characters"),
        ("StagePrefix", "sg", "alone or before a hyphen"),
        ("ContainerPort", "80", "1024 to 65535"),
        ("MongoDBPort", "70000", "1150 to 65535"),
        ("MongoDBMasterPassword", "with@sign/and-slash", "safe in a URI"),
        ("MongoDBMasterUsername", "Admin", "DocumentDB reserves admin"),
        ("GithubBranch", "a..b", "a branch that Git accepts"),
        ("MinRunningTasks", "2.5", "not in AllowedValues"),
        ("MinRunningTasks", "5", "must not be below MinRunningTasks"),
        ("NotificationEmail", "nobody", "address"),
    ],
)
def test_wrong_parameters_are_refused(aws: LocalAws, fork: Fork, parameter: str, value: str, says: str) -> None:
    stage = Stage(aws, fork, "wrong")
    with pytest.raises(ClientError, match="ValidationError") as refused:
        stage.create_pipeline(**{parameter: value})
    assert says in str(refused.value)
    assert stage.status(stage.pipeline_stack) == ""


def test_a_region_without_documentdb_is_refused(aws: LocalAws, fork: Fork) -> None:
    stage = Stage(aws, fork, "wrong")
    stage.cloudformation = aws.client("cloudformation", region_name="us-west-1")
    with pytest.raises(ClientError, match=r"ValidationError.*Choose another region"):
        stage.create_pipeline()
    assert stage.status(stage.pipeline_stack) == ""


def test_unknown_parameters_are_refused(aws: LocalAws, fork: Fork) -> None:
    with pytest.raises(ClientError, match=r"\[Nonsense\] do not exist in the template"):
        Stage(aws, fork, "wrong").create_pipeline(Nonsense="1")


def test_roles_need_the_users_consent(aws: LocalAws, fork: Fork) -> None:
    stage = Stage(aws, fork, "wrong")
    with pytest.raises(ClientError, match="InsufficientCapabilities"):
        stage.cloudformation.create_stack(
            StackName=stage.pipeline_stack,
            TemplateBody=(fork.clone / "templates" / "Pipeline.yml").read_text(),
            Parameters=stage.parameters(),
        )


def test_a_token_that_may_not_read_the_repository_fails_the_stack(aws: LocalAws, fork: Fork) -> None:
    stage = Stage(aws, fork, "wrong")
    with pytest.raises(DeploymentFailed, match=r"SourceWebhook.*404 Not Found"):
        stage.create_pipeline(GithubOAuthToken="ghp_" + "x" * 36)
    assert stage.status(stage.pipeline_stack) == "ROLLBACK_COMPLETE"
    stage.delete(stage.pipeline_stack)
