"""The pipeline's chain: every push is built, pushed and deployed (R1, R5), and nothing secret travels."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.stack import Stack, get_att, ref

# The most that CodePipeline takes as one value of an action's configuration.
# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
CONFIGURATION_VALUE = 1000


@pytest.fixture
def actions(pipeline_stack: Stack) -> dict[str, dict[str, Any]]:
    return {stage["Name"]: stage["Actions"][0] for stage in pipeline_stack.properties("Pipeline")["Stages"]}


@pytest.fixture
def overrides(actions: dict[str, dict[str, Any]]) -> str:
    found: str = actions["Deploy"]["Configuration"]["ParameterOverrides"]["Fn::Sub"]
    return found


def artifacts(action: dict[str, Any], direction: str) -> list[str]:
    return [each["Name"] for each in action.get(f"{direction}Artifacts", [])]


def test_an_update_of_the_pipeline_starts_a_run(pipeline_stack: Stack) -> None:
    """Else a changed parameter would wait for the next push."""
    assert pipeline_stack.properties("Pipeline")["RestartExecutionOnUpdate"] is True


def test_source_then_build_then_deploy(actions: dict[str, dict[str, Any]]) -> None:
    assert list(actions) == ["Source", "Build", "Deploy"]
    assert [action["ActionTypeId"]["Provider"] for action in actions.values()] == [
        "GitHub",
        "CodeBuild",
        "CloudFormation",
    ]


def test_what_an_action_takes_an_earlier_one_has_made(actions: dict[str, dict[str, Any]]) -> None:
    made: set[str] = set()
    for action in actions.values():
        assert set(artifacts(action, "Input")) <= made
        made |= set(artifacts(action, "Output"))


def test_the_source_is_the_branch_with_the_token_and_without_polling(actions: dict[str, dict[str, Any]]) -> None:
    assert actions["Source"]["Configuration"] == {
        "Owner": ref("GithubUsername"),
        "Repo": ref("GithubRepository"),
        "Branch": ref("GithubBranch"),
        "OAuthToken": ref("GithubOAuthToken"),
        "PollForSourceChanges": False,
    }


def test_the_webhook_is_signed_with_a_secret_of_its_own_and_filters_the_branch(pipeline_stack: Stack) -> None:
    webhook = pipeline_stack.properties("SourceWebhook")
    assert webhook["Authentication"] == "GITHUB_HMAC"
    assert webhook["AuthenticationConfiguration"] == {
        "SecretToken": {"Fn::Sub": "{{resolve:secretsmanager:${WebhookSecret}:SecretString}}"}
    }
    assert webhook["Filters"] == [{"JsonPath": "$.ref", "MatchEquals": "refs/heads/{Branch}"}]
    assert (webhook["TargetPipeline"], webhook["TargetAction"]) == (ref("Pipeline"), "Source")
    assert webhook["RegisterWithThirdParty"] is True


def test_the_deploy_action_creates_or_updates_the_infrastructure_stack(actions: dict[str, dict[str, Any]]) -> None:
    configuration = actions["Deploy"]["Configuration"]
    assert configuration["ActionMode"] == "CREATE_UPDATE"
    assert configuration["StackName"] == {"Fn::Sub": "${StagePrefix}-phoenix-infrastructure"}
    assert configuration["TemplatePath"] == "Source::templates/Infrastructure.yml"
    assert configuration["RoleArn"] == get_att("DeployRole", "Arn")


def test_overrides_are_exactly_the_parameters_of_the_infrastructure(
    overrides: str, infrastructure_stack: Stack
) -> None:
    assert set(json.loads(overrides)) == set(infrastructure_stack.parameters)


def test_the_image_comes_from_the_build_of_the_same_run(overrides: str, actions: dict[str, dict[str, Any]]) -> None:
    assert json.loads(overrides)["DockerImageURI"] == {"Fn::GetParam": ["Image", "image.json", "ImageURI"]}
    assert artifacts(actions["Build"], "Output") == ["Image"]
    assert "Image" in artifacts(actions["Deploy"], "Input")


def test_of_the_credentials_only_the_reference_travels(overrides: str) -> None:
    values = json.loads(overrides)
    assert values["MongoDBSecretArn"] == "${DatabaseCredentials}"
    assert "MongoDBMasterPassword" not in overrides
    assert "resolve" not in overrides


def test_overrides_fit_with_the_longest_values(overrides: str, pipeline_stack: Stack) -> None:
    longest = {
        "DatabaseCredentials": "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:"
        + pipeline_stack.properties("DatabaseCredentials")["Name"]["Fn::Sub"].replace("${StagePrefix}", "s" * 20)
        + "-abcdef",
        # The longest name that a policy can have.
        "RoleBoundary": "arn:aws-us-gov:iam::123456789012:policy/" + "p" * 128,
    }
    for name, parameter in pipeline_stack.parameters.items():
        most = "u" * 63 if name == "MongoDBMasterUsername" else "x" * parameter.get("MaxLength", 0)
        longest[name] = str(parameter["MaxValue"]) if parameter["Type"] == "Number" else most
    filled = re.sub(r"\$\{(\w+)\}", lambda match: longest[match[1]], overrides)
    json.loads(filled)
    assert len(filled) < CONFIGURATION_VALUE


def test_a_task_that_exits_or_fails_to_start_is_reported_with_its_reason(pipeline_stack: Stack) -> None:
    rule = pipeline_stack.properties("FailedTaskRule")
    cluster = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${StagePrefix}-phoenix"
    assert rule["EventPattern"]["detail"]["clusterArn"] == [{"Fn::Sub": cluster}]
    (target,) = rule["Targets"]
    assert target["Arn"] == ref("PipelineTopic")
    words = target["InputTransformer"]["InputTemplate"]
    for name in target["InputTransformer"]["InputPathsMap"]:
        assert f"<{name}>" in words


@pytest.mark.parametrize(
    ("stop_code", "reason", "told"),
    [
        ("EssentialContainerExited", "Essential container in task exited", True),
        ("TaskFailedToStart", "CannotPullContainerError: not found", True),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:...)", True),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", False),
        ("UserInitiated", "Task stopped by user", False),
    ],
)
def test_which_stopped_tasks_are_reported(pipeline_stack: Stack, stop_code: str, reason: str, told: bool) -> None:
    detail = pipeline_stack.properties("FailedTaskRule")["EventPattern"]["detail"]
    assert detail["lastStatus"] == ["STOPPED"]
    by_code, by_reason = detail["$or"]
    (prefix,) = (each["prefix"] for each in by_reason["stoppedReason"])
    assert (stop_code in by_code["stopCode"] or reason.startswith(prefix)) is told


def test_a_failed_run_is_reported_in_words(pipeline_stack: Stack) -> None:
    rule = pipeline_stack.properties("FailedRunRule")
    assert rule["EventPattern"]["detail"] == {"pipeline": [ref("Pipeline")], "state": ["FAILED"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == ref("PipelineTopic")
    (policy,) = pipeline_stack.properties("PipelineTopicPolicy")["PolicyDocument"]["Statement"]
    assert policy["Principal"] == {"Service": "events.amazonaws.com"}
    # EventBridge would be refused with one.
    assert "Condition" not in policy
