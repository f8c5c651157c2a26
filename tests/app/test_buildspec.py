"""buildspec.yml, run as CodeBuild runs it, with stand-ins for docker and aws that record their arguments."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.app.nodes import APP

REPOSITORY = "123456789012.dkr.ecr.eu-south-1.amazonaws.com/dev-phoenix"
COMMIT = "4f1d2c9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e"
DIGEST = "sha256:" + "ab" * 32
LOOKUP = f"aws ecr batch-get-image --repository-name dev-phoenix --image-ids imageTag={COMMIT}"

INSPECTION = "docker image inspect public.ecr.aws/docker/library/node:24-slim"
PULL = "docker pull --quiet public.ecr.aws/docker/library/node:24-slim"

# The registry is the file `pushed`; FAILING names the call that fails, REFUSED how many pulls the public registry
# refuses. The base image is not there before it is pulled.
_STANDIN = """#!/bin/bash
call="$(basename "$0") $*"
echo "$call" >> "$STANDIN/calls"
if [[ -n "$FAILING" && "$call" == *"$FAILING"* ]]; then exit 1; fi
case "$call" in
  "docker image inspect"*) [[ -e "$STANDIN/pulled" ]] ;;
  "docker pull"*)
    if [[ "$(grep -c '^docker pull' "$STANDIN/calls")" -le "$REFUSED" ]]; then echo toomanyrequests >&2; exit 1; fi
    touch "$STANDIN/pulled" ;;
  "docker push"*) touch "$STANDIN/pushed" ;;
  "docker login"*) cat > "$STANDIN/password" ;;
  "aws ecr get-login-password") echo secret ;;
  "aws ecr batch-get-image"*) if [[ -e "$STANDIN/pushed" ]]; then echo "$DIGEST"; else echo None; fi ;;
esac
"""


@dataclass
class Build:
    code: int
    calls: list[str]
    image: dict[str, str] | None
    configuration: str | None


class CodeBuild:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for name in ("docker", "aws", "sleep"):
            command = directory / "bin" / name
            command.parent.mkdir(exist_ok=True)
            command.write_text(_STANDIN)
            command.chmod(command.stat().st_mode | stat.S_IXUSR)
        (directory / "source" / "app").mkdir(parents=True)
        shutil.copy(APP / "Dockerfile", directory / "source" / "app")

    def run(
        self, failing: str = "", refused: int = 0, base: str | None = None, configuration: str | None = None
    ) -> Build:
        """The commands of each phase until one fails, in the root of the source."""
        (self._directory / "calls").unlink(missing_ok=True)
        source = self._directory / "source"
        environment = {
            "PATH": f"{self._directory / 'bin'}:{os.environ['PATH']}",
            "STANDIN": str(self._directory),
            "FAILING": failing,
            "REFUSED": str(refused),
            "DIGEST": DIGEST,
            "REPOSITORY_URI": REPOSITORY,
            "CODEBUILD_RESOLVED_SOURCE_VERSION": COMMIT,
            "AWS_DEFAULT_REGION": "eu-south-1",
        }
        if base is not None:
            environment["NODE_IMAGE"] = base
        if configuration is not None:
            environment["STACK_CONFIGURATION"] = configuration
        spec = yaml.safe_load((APP / "buildspec.yml").read_text())
        environment.update(spec["env"]["variables"])
        code = 0
        for phase in spec["phases"].values():
            for command in phase["commands"]:
                if code == 0:
                    code = subprocess.run(["bash", "-c", command], cwd=source, env=environment).returncode
        image, written = (source / each for each in spec["artifacts"]["files"])
        return Build(
            code,
            (self._directory / "calls").read_text().splitlines(),
            json.loads(image.read_text()) if image.exists() else None,
            written.read_text() if written.exists() else None,
        )


@pytest.fixture
def code_build(tmp_path: Path) -> CodeBuild:
    return CodeBuild(tmp_path)


def test_tests_builds_pushes_and_names_the_image(code_build: CodeBuild) -> None:
    build = code_build.run()
    assert build.code == 0
    calls = [call.split(" --query")[0] for call in build.calls]
    assert calls[:5] == [
        LOOKUP,
        INSPECTION,
        PULL,
        "docker build --target test app",
        f"docker build --build-arg REVISION={COMMIT} --tag {REPOSITORY}:{COMMIT} app",
    ]
    # The two ends of a pipe start in either order.
    assert sorted(calls[5:7]) == [
        "aws ecr get-login-password",
        f"docker login --username AWS --password-stdin {REPOSITORY.split('/')[0]}",
    ]
    assert calls[7:] == [f"docker push {REPOSITORY}:{COMMIT}", LOOKUP]
    # The deploy action reads Fn::GetParam: [Image, image.json, ImageURI].
    assert build.image == {"ImageURI": f"{REPOSITORY}@{DIGEST}"}


@pytest.mark.parametrize("given", [None, '{"Parameters":{"NotificationEmail":"o\'%s$x@example.com"}}'])
def test_the_parameters_of_the_stack_are_written_as_they_are(code_build: CodeBuild, given: str | None) -> None:
    """For the deploy action's TemplateConfiguration. CodeBuild requires the file, whatever the settings."""
    assert code_build.run(configuration=given).configuration == (given or "")


def test_a_base_image_that_is_there_is_not_pulled(code_build: CodeBuild) -> None:
    code_build.run(failing="docker push")
    calls = code_build.run().calls
    assert INSPECTION in calls
    assert PULL not in calls


@pytest.mark.parametrize("refused", [1, 2, 3])
def test_a_pull_that_the_public_registry_refuses_is_repeated(code_build: CodeBuild, refused: int) -> None:
    """As long as it may take; then `docker build` tries for itself."""
    build = code_build.run(refused=refused)
    assert build.code == 0
    assert build.calls.count(PULL) == min(refused + 1, 3)
    assert [call for call in build.calls if call.startswith("sleep")] == ["sleep 5", "sleep 15", "sleep 45"][:refused]
    assert build.image


def test_the_base_image_is_the_one_that_the_environment_names(code_build: CodeBuild) -> None:
    """By digest, also for the tests. Set but empty is not set."""
    base = f"public.ecr.aws/docker/library/node:24-slim@{DIGEST}"
    builds = [call for call in code_build.run(base=base).calls if call.startswith("docker build")]
    assert builds == [
        f"docker build --build-arg NODE_IMAGE={base} --target test app",
        f"docker build --build-arg NODE_IMAGE={base} --build-arg REVISION={COMMIT} --tag {REPOSITORY}:{COMMIT} app",
    ]
    assert (APP / "Dockerfile").read_text().count("\nFROM ${NODE_IMAGE}") == 2


def test_without_one_the_base_image_is_the_tag(tmp_path: Path) -> None:
    for number, base in enumerate([None, ""]):
        directory = tmp_path / str(number)
        directory.mkdir()
        calls = CodeBuild(directory).run(base=base).calls
        assert not any("NODE_IMAGE" in call for call in calls)


def test_a_commit_that_has_its_image_is_not_built_again(code_build: CodeBuild) -> None:
    first = code_build.run()
    again = code_build.run()
    assert again.code == 0
    assert len(again.calls) == 1
    assert again.image == first.image


@pytest.mark.parametrize(
    "failing",
    [
        "batch-get-image",
        "build --target test",
        "build --build-arg",
        "get-login-password",
        "docker login",
        "docker push",
    ],
)
def test_whatever_fails_stops_the_pipeline(code_build: CodeBuild, failing: str) -> None:
    build = code_build.run(failing)
    assert build.code != 0
    assert failing in build.calls[-1] or failing in build.calls[-2]
    assert build.image is None
    if failing != "docker push":
        assert not any("push" in call for call in build.calls)


def test_only_one_phase() -> None:
    """CodeBuild runs post_build after a failed build too."""
    assert list(yaml.safe_load((APP / "buildspec.yml").read_text())["phases"]) == ["build"]
