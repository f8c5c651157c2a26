"""Wrong input is refused before anything exists, with words that help."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.server import LocalAws

from .stage import Stage, own_stage


@pytest.fixture(scope="module")
def wrong(aws: LocalAws) -> Iterator[Stage]:
    """A stage that is never deployed."""
    with own_stage(aws, "wrong") as stage:
        yield stage


@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        ("GithubOAuthToken", "github_pat_of_the_wrong_kind", "classic token"),
        ("StagePrefix", "Production", "lowercase"),
        ("StagePrefix", "a-stage-with-much-too-long-a-name", "at most 20 lowercase"),
        ("StagePrefix", "sg", "alone or before a hyphen"),
        ("ContainerPort", "80", "1024 to 65535"),
        ("MongoDBPort", "70000", "1150 to 65535"),
        ("MongoDBMasterPassword", "with@sign/and-slash", "safe in a URI"),
        ("MongoDBMasterUsername", "Admin", "Reserved by DocumentDB: admin"),
        ("GithubBranch", "a..b", "a valid branch name"),
        ("MinRunningTasks", "2.5", "not in AllowedValues"),
        ("MinRunningTasks", "5", "must be at least MinRunningTasks"),
        ("NotificationEmail", "nobody", "address"),
    ],
)
def test_wrong_parameters_are_refused(wrong: Stage, parameter: str, value: str, says: str) -> None:
    with pytest.raises(ClientError, match="ValidationError") as refused:
        wrong.create_pipeline(**{parameter: value})
    assert says in str(refused.value)
    assert wrong.status(wrong.pipeline_stack) == ""


def test_a_region_without_documentdb_is_refused(wrong: Stage) -> None:
    elsewhere = Stage(wrong.aws, wrong.fork, "wrong")
    elsewhere.cloudformation = wrong.aws.client("cloudformation", region_name="us-west-1")
    with pytest.raises(ClientError, match=r"ValidationError.*Choose a region"):
        elsewhere.create_pipeline()
    assert elsewhere.status(elsewhere.pipeline_stack) == ""


def test_unknown_parameters_are_refused(wrong: Stage) -> None:
    with pytest.raises(ClientError, match=r"\[Nonsense\] do not exist in the template"):
        wrong.create_pipeline(Nonsense="1")


def test_roles_need_the_users_consent(wrong: Stage) -> None:
    with pytest.raises(ClientError, match="InsufficientCapabilities"):
        wrong.cloudformation.create_stack(
            StackName=wrong.pipeline_stack,
            TemplateBody=(wrong.fork.clone / "templates" / "Pipeline.yml").read_text(),
            Parameters=wrong.parameters(),
        )


def test_a_token_that_may_not_read_the_repository_fails_the_stack(wrong: Stage) -> None:
    with pytest.raises(DeploymentFailed, match=r"SourceWebhook.*404 Not Found"):
        wrong.create_pipeline(GithubOAuthToken="ghp_" + "x" * 36)
    assert wrong.status(wrong.pipeline_stack) == "ROLLBACK_COMPLETE"
    wrong.delete(wrong.pipeline_stack)
