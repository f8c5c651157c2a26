"""CodeBuild's corrections, and how a buildspec is followed."""

from __future__ import annotations

import io
import subprocess
import time
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.aws.buildspec import Buildspec
from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.sessions import client_of


def run(buildspec: str) -> tuple[int, str]:
    """The buildspec's script, run by this machine's bash."""
    done = subprocess.run(["bash", "-c", Buildspec.parse(buildspec).script()], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_phases_run_in_order_in_one_shell() -> None:
    code, said = run(
        """
version: 0.2
env: {variables: {WHO: world}}
phases:
  install: {commands: [cd /, greeting=hello]}
  build: {commands: ['echo "$greeting $WHO in $PWD"']}
"""
    )
    assert code == 0
    assert "hello world in /" in said
    assert said.index("INSTALL SUCCEEDED") < said.index("BUILD SUCCEEDED") < said.index("POST_BUILD SUCCEEDED")


@pytest.mark.parametrize(
    ("phase", "abort", "post_build"),
    [("pre_build", "", False), ("build", "", True), ("build", "on-failure: ABORT,", False)],
)
def test_a_failed_phase_fails_the_build(phase: str, abort: str, post_build: bool) -> None:
    code, said = run(
        f"""
version: 0.2
phases:
  {phase}: {{{abort} commands: ['false', 'echo not reached'], finally: ['echo always']}}
  post_build: {{commands: ['echo succeeding: $CODEBUILD_BUILD_SUCCEEDING']}}
"""
    )
    assert code != 0
    assert "not reached" not in said
    assert "always" in said
    assert ("succeeding: 0" in said) is post_build


def test_a_command_of_several_lines_may_stop_itself() -> None:
    code, said = run(
        "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        set -e\n        false\n        echo no\n"
    )
    assert code != 0
    assert "[phase] BUILD FAILED" in said


@pytest.mark.parametrize("text", ["version: 0.2\nreports: {}", "version: 0.1", "version: 0.2\nphases: {test: {}}"])
def test_what_is_not_followed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"buildspec"):
        Buildspec.parse(text)


def project(*statements: dict[str, Any], **environment: Any) -> dict[str, Any]:
    return {
        "Role": role("codebuild.amazonaws.com", *statements),
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lab/builds"}},
        "Project": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": "lab",
                "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
                "Source": {"Type": "CODEPIPELINE", "BuildSpec": "spec.yml"},
                "Artifacts": {"Type": "CODEPIPELINE"},
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "Image": "aws/codebuild/standard:8.0",
                    "ComputeType": "BUILD_GENERAL1_SMALL",
                    **environment,
                },
                "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": {"Ref": "Group"}}},
            },
        },
    }


def build(
    lab: Lab, aws: LocalAws, resources: dict[str, Any], command: str, **variables: str
) -> tuple[dict[str, Any], list[str], str]:
    """The build that runs one command, its log lines, and what it leaves in out.txt."""
    bucket = lab.deploy(resources, {"Bucket": {"Ref": "Bucket"}})["Bucket"]
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(
            "spec.yml",
            f"version: 0.2\nphases: {{build: {{commands: ['{command}']}}}}\nartifacts: {{files: [out.txt]}}\n",
        )
    s3, builds = aws.client("s3"), aws.client("codebuild")
    s3.put_object(Bucket=bucket, Key="in", Body=source.getvalue())
    started = builds.start_build(
        projectName="lab",
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{bucket}/in",
        artifactsOverride={"type": "S3", "location": bucket, "name": "out"},
        environmentVariablesOverride=[{"name": name, "value": value} for name, value in variables.items()],
    )["build"]
    while (found := builds.batch_get_builds(ids=[started["id"]])["builds"][0])["buildStatus"] == "IN_PROGRESS":
        time.sleep(0.2)
    events = aws.client("logs").filter_log_events(logGroupName="/lab/builds")["events"]
    try:
        body = s3.get_object(Bucket=bucket, Key="out")["Body"].read()
        output = zipfile.ZipFile(io.BytesIO(body)).read("out.txt").decode()
    except ClientError:
        output = ""
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    return dict(found), [each["message"] for each in events], output


ALL = [allow("s3:*"), allow("logs:*")]


def test_builds_run(lab: Lab, aws: LocalAws) -> None:
    found, log, output = build(lab, aws, project(*ALL), "aws sts get-caller-identity --output text > out.txt")
    assert found["buildStatus"] == "SUCCEEDED"
    assert "[phase] BUILD SUCCEEDED" in log
    assert "assumed-role/lab-" in output
    lab.clean()
    assert build(lab, aws, project(*ALL), "exit 3")[0]["buildStatus"] == "FAILED"


SPEC = """
version: 0.2
env: {exported-variables: [ALONE, TOGETHER, UNSET]}
phases:
  build:
    commands:
      - ALONE="$GIVEN, alone"
      - |
        set -eu
        TOGETHER="$ALONE, together"
      - echo "$TOGETHER" > out.txt
artifacts: {files: [out.txt]}
"""


def test_variables_come_from_the_start_of_a_build_and_are_exported(lab: Lab, aws: LocalAws) -> None:
    """The buildspec is the project's own."""
    resources = project(*ALL, EnvironmentVariables=[{"Name": "GIVEN", "Value": "by the project"}])
    resources["Project"]["Properties"]["Source"]["BuildSpec"] = SPEC
    found, _, output = build(lab, aws, resources, "false", GIVEN="by the start")
    assert found["buildStatus"] == "SUCCEEDED"
    assert output == "by the start, alone, together\n"
    exported = {each["name"]: each["value"] for each in found["exportedEnvironmentVariables"]}
    assert exported == {"ALONE": "by the start, alone", "TOGETHER": "by the start, alone, together"}


def test_projects_are_whole(lab: Lab, aws: LocalAws) -> None:
    """Without privileged mode there is no Docker engine, and the role must trust CodeBuild."""
    found, log, _ = build(lab, aws, project(*ALL), "docker version")
    assert found["buildStatus"] == "FAILED"
    assert any("Cannot connect to the Docker daemon" in each for each in log)
    lab.clean()
    stranger = project(*ALL)
    stranger["Role"] = role("ecs.amazonaws.com")
    assert "sts:AssumeRole" in lab.failure(stranger)


def test_builds_use_their_role(lab: Lab, aws: LocalAws) -> None:
    assert build(lab, aws, project(allow("logs:*")), "true")[0]["buildStatus"] == "FAILED"


def test_builds_belong_to_their_project(lab: Lab, aws: LocalAws) -> None:
    arn = "arn:aws:codebuild:eu-central-1:000000000000:project/"
    outputs = lab.deploy(
        {
            "Ours": role("codepipeline.amazonaws.com", allow("codebuild:*", resource=f"{arn}lab")),
            "Theirs": role("codepipeline.amazonaws.com", allow("codebuild:*", resource=f"{arn}other")),
        },
        {each: {"Fn::GetAtt": [each, "Arn"]} for each in ("Ours", "Theirs")},
    )
    client_of(aws, "codebuild", outputs["Ours"]).batch_get_builds(ids=["lab:1"])
    with pytest.raises(ClientError, match="AccessDenied"):
        client_of(aws, "codebuild", outputs["Theirs"]).batch_get_builds(ids=["lab:1"])
