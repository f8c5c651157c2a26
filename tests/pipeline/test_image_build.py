"""The build: the buildspec finds what it reads, and leaves what the deploy action reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from phoenix_cfn.pipeline.overrides import CONFIGURATION_FILE
from phoenix_cfn.pipeline.stages import IMAGE_FILE, IMAGE_KEY
from tests.stack import Stack, get_att

# Set by CodeBuild itself. https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
CODEBUILD = {
    "AWS_DEFAULT_REGION",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "CODEBUILD_SRC_DIR",
    "CODEBUILD_BUILD_SUCCEEDING",
}


@pytest.fixture
def buildspec(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((root / "app/buildspec.yml").read_text(encoding="utf-8"))
    return found


def commands(buildspec: dict[str, Any]) -> str:
    return "\n".join(command for phase in buildspec["phases"].values() for command in phase.get("commands", []))


def test_the_project_can_build_images_and_keeps_their_layers(pipeline_stack: Stack) -> None:
    project = pipeline_stack.properties("BuildProject")
    assert project["Environment"]["PrivilegedMode"] is True
    assert project["Cache"] == {"Type": "LOCAL", "Modes": ["LOCAL_DOCKER_LAYER_CACHE"]}
    assert project["Source"]["BuildSpec"] == "app/buildspec.yml"
    assert project["Artifacts"] == {"Type": "CODEPIPELINE"}


def test_the_buildspec_reads_only_variables_that_it_gets(pipeline_stack: Stack, buildspec: dict[str, Any]) -> None:
    given = pipeline_stack.properties("BuildProject")["Environment"]["EnvironmentVariables"]
    assert given == [
        {"Name": "REPOSITORY_URI", "Value": get_att("Repository", "RepositoryUri")},
    ]
    script = commands(buildspec)
    own = set(re.findall(r"^\s*(?:export )?([A-Za-z_]+)=", script, re.MULTILINE))
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script))
    assert "REPOSITORY_URI" in read
    # Only some settings need a file with the stack's parameters.
    assert read - own <= CODEBUILD | {"REPOSITORY_URI", "STACK_CONFIGURATION"}
    assert "${STACK_CONFIGURATION-}" in script


def test_the_buildspec_leaves_the_file_and_key_that_the_deploy_action_reads(buildspec: dict[str, Any]) -> None:
    assert buildspec["artifacts"]["files"] == [IMAGE_FILE, CONFIGURATION_FILE]
    assert IMAGE_KEY in commands(buildspec)
    assert IMAGE_FILE in commands(buildspec)
