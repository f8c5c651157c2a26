"""Approval, and the stage in which CodeDeploy shifts the requests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.stack import Stack, get_att, ref

COMMITS = {
    "github-oauth": "https://github.com/${GithubUsername}/${GithubRepository}/commit/",
    "github-connection": "https://github.com/${GithubUsername}/${GithubRepository}/commit/",
    "codecommit": (
        "https://${AWS::Region}.console.aws.amazon.com/codesuite/codecommit/repositories/${CodeCommitRepository}/commit/"
    ),
}


def settings(source: str = "github-oauth", **deployment: Any) -> Settings:
    return Settings.of({"deployment": deployment, "pipeline": {"source": source}})


@cache
def codedeploy(path: str = "") -> Stack:
    return Stack(pipeline.template(settings(strategy="codedeploy", smoke_test_path=path, approval=True)))


def stages(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    return {stage["Name"]: stage["Actions"] for stage in stack.properties("Pipeline")["Stages"]}


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary", "linear"])
def test_the_pipeline_of_a_native_strategy_is_that_of_rolling(strategy: str) -> None:
    """ECS shifts the requests while CloudFormation waits."""
    found = Stack(pipeline.template(settings(strategy=strategy)))
    assert found.properties("Pipeline") == Stack(pipeline.template(Settings())).properties("Pipeline")


# Approval.


@pytest.mark.parametrize("source", COMMITS)
def test_a_person_approves_what_is_built_with_a_link_to_the_commit(source: str) -> None:
    found = stages(Stack(pipeline.template(settings(source, approval=True))))
    assert list(found) == ["Source", "Build", "Approve", "Deploy"]
    (action,) = found["Approve"]
    assert action["ActionTypeId"] == {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}
    assert action["Configuration"] == {
        "NotificationArn": ref("PipelineTopic"),
        "CustomData": {"Fn::Sub": "Deploy this commit to ${StagePrefix}?"},
        "ExternalEntityLink": {"Fn::Sub": COMMITS[source] + "#{Source.CommitId}"},
    }
    (of_source,) = found["Source"]
    assert of_source["Namespace"] == "Source"


def test_the_pipeline_publishes_to_its_encrypted_topic_with_approval_only() -> None:
    needed = {
        "PublishTheApproval": (["sns:Publish"], [ref("PipelineTopic")]),
        "EncryptTheApproval": (["kms:Decrypt", "kms:GenerateDataKey"], [get_att("EncryptionKey", "Arn")]),
    }
    for approval in (True, False):
        statements = Stack(pipeline.template(settings(approval=approval))).statements("PipelineRole")
        found = {each.get("Sid"): (each["Action"], each["Resource"]) for each in statements}
        assert {sid: found.get(sid) for sid in needed} == (needed if approval else dict.fromkeys(needed))


def test_without_approval_no_action_has_a_namespace() -> None:
    found = stages(Stack(pipeline.template(settings(strategy="canary"))))
    assert not [action for actions in found.values() for action in actions if "Namespace" in action]


# CodeDeploy.


def test_codedeploy_shifts_after_cloudformation_has_registered_the_revision() -> None:
    found = stages(codedeploy())
    assert list(found) == ["Source", "Build", "Approve", "Deploy", "Shift"]
    describe, shift = found["Shift"]
    assert describe["RunOrder"] < shift["RunOrder"]
    assert found["Deploy"][0]["Namespace"] == "Stack"
    assert json.loads(describe["Configuration"]["EnvironmentVariables"]) == [
        {"name": "TaskDefinitionArn", "value": "#{Stack.TaskDefinitionArn}", "type": "PLAINTEXT"}
    ]
    assert describe["Configuration"]["ProjectName"] == ref("RevisionProject")
    assert shift["Configuration"] == {
        "ApplicationName": {"Fn::Sub": "${StagePrefix}-phoenix"},
        "DeploymentGroupName": {"Fn::Sub": "${StagePrefix}-phoenix"},
        "TaskDefinitionTemplateArtifact": "Revision",
        "TaskDefinitionTemplatePath": "taskdef.json",
        "AppSpecTemplateArtifact": "Revision",
        "AppSpecTemplatePath": "appspec.yaml",
    }


@pytest.mark.parametrize("path", ["", "/health"])
def test_the_variables_of_the_stage_are_outputs_of_the_stack(path: str) -> None:
    stack = infrastructure.template(settings(strategy="codedeploy", smoke_test_path=path)).to_dict()
    variables = json.loads(stages(codedeploy(path))["Shift"][0]["Configuration"]["EnvironmentVariables"])
    assert {each["value"].removeprefix("#{Stack.").removesuffix("}") for each in variables} <= set(stack["Outputs"])
    assert len(variables) == (2 if path else 1)


def test_the_names_are_those_of_the_stack() -> None:
    stack = Stack(infrastructure.template(settings(strategy="codedeploy")))
    _, shift = stages(codedeploy())["Shift"]
    application, group = shift["Configuration"]["ApplicationName"], shift["Configuration"]["DeploymentGroupName"]
    assert application == stack.properties("CodeDeployApplication")["ApplicationName"]
    assert group == stack.properties("DeploymentGroup")["DeploymentGroupName"]


# As `aws ecs describe-task-definition` answers: with what ECS adds, and what an extension of the template has set.
DESCRIBED = {
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/dev-phoenix:7",
    "family": "dev-phoenix",
    "revision": 7,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": 1774000000.0,
    "registeredBy": "arn:aws:iam::111122223333:role/x",
    "networkMode": "awsvpc",
    "volumes": [{"name": "scratch", "host": {}}],
    "ephemeralStorage": {"sizeInGiB": 40},
    "containerDefinitions": [
        {"name": "phoenix", "image": "repository@sha256:0a", "portMappings": [{"containerPort": 8080}]},
        {"name": "sidecar", "image": "other", "portMappings": []},
    ],
}


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which CodeBuild's images have, is not installed")
@pytest.mark.parametrize("path", ["", "/health"])
def test_the_build_writes_the_two_files_of_the_action(path: str, tmp_path: Path) -> None:
    """Run in bash, with a stand-in for the AWS CLI that answers as ECS does."""
    buildspec = yaml.safe_load(codedeploy(path).properties("RevisionProject")["Source"]["BuildSpec"])
    (command,) = buildspec["phases"]["build"]["commands"]
    (tmp_path / "described.json").write_text(json.dumps(DESCRIBED))
    (tmp_path / "aws").write_text('#!/bin/sh\necho "$@" > arguments\ncat described.json\n')
    (tmp_path / "aws").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "TaskDefinitionArn": "arn:7",
        "SmokeTestFunctionName": "test",
    }
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert arguments.split()[:4] == ["ecs", "describe-task-definition", "--task-definition", "arn:7"]
    assert buildspec["artifacts"]["files"] == ["taskdef.json", "appspec.yaml"]
    registered = json.loads((tmp_path / "taskdef.json").read_text())
    added = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities"}
    added |= {"registeredAt", "registeredBy"}
    assert registered == {key: value for key, value in DESCRIBED.items() if key not in added}
    appspec = yaml.safe_load((tmp_path / "appspec.yaml").read_text())
    (resource,) = appspec["Resources"]
    assert resource["TargetService"]["Properties"] == {
        "TaskDefinition": "<TASK_DEFINITION>",
        "LoadBalancerInfo": {"ContainerName": "phoenix", "ContainerPort": 8080},
        "PlatformVersion": "LATEST",
    }
    assert appspec.get("Hooks") == ([{"AfterAllowTestTraffic": "test"}] if path else None)


def test_the_build_fails_where_ecs_does_not_answer(tmp_path: Path) -> None:
    buildspec = yaml.safe_load(codedeploy().properties("RevisionProject")["Source"]["BuildSpec"])
    (tmp_path / "aws").write_text("#!/bin/sh\nexit 254\n")
    (tmp_path / "aws").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TaskDefinitionArn": "arn:7"}
    (command,) = buildspec["phases"]["build"]["commands"]
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True).returncode


def test_what_the_pipeline_and_the_build_may_do_for_codedeploy() -> None:
    allowed = {
        action: str(each["Resource"])
        for each in codedeploy().statements("PipelineRole")
        for action in each["Action"]
        if action.startswith(("codedeploy:", "ecs:"))
    }
    assert set(allowed) == {
        *(f"codedeploy:{each}" for each in ("CreateDeployment", "GetDeployment", "GetDeploymentConfig")),
        *(f"codedeploy:{each}" for each in ("GetApplication", "GetApplicationRevision", "RegisterApplicationRevision")),
        "ecs:RegisterTaskDefinition",
    }
    # A narrower right to register is refused: iam/supplements.py has the source.
    assert allowed.pop("ecs:RegisterTaskDefinition") == "['*']"
    assert all("${StagePrefix}-phoenix" in each for each in allowed.values())
    passing = [each for each in codedeploy().statements("PipelineRole") if "iam:PassRole" in each["Action"]]
    services = {each["Condition"]["StringEquals"]["iam:PassedToService"] for each in passing}
    assert services == {"cloudformation.amazonaws.com", "ecs-tasks.amazonaws.com"}
    build = {action for each in codedeploy().statements("RevisionRole") for action in each["Action"]}
    assert {each for each in build if not re.match("s3:|logs:", each)} == {"ecs:DescribeTaskDefinition"}
