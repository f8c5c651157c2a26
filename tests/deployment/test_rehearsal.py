"""Releases to a running stage, each rehearsed: what happens to every resource is what the preview says.

One story on one stage, whose releases need no build of an image; and the command, from a revision to its report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.fork import git
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.rehearsal.rehearsal import Rehearsal
from phoenix_cfn.local.rehearsal.release import release
from phoenix_cfn.local.rehearsal.report import as_text
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.project import RECORD_FILE, Project

from .fork import Fork
from .prebuilt import deployed_image, image, push
from .results import Results
from .stage import Stage, own_stage
from .test_command import DOCKERFILE, SERVER
from .test_story_8_outlives import OWN
from .versions import other_page

RENAMED = """
from troposphere import Sub


def extend_infrastructure(infrastructure):
    infrastructure.service.service.ServiceName = Sub("${StagePrefix}-phoenix-web")
"""
EXTENDED = 'extension = "own.py"\n'
ANOTHER_PORT = "[service]\ncontainer_port = 9090\n"
ONE_INSTANCE = "[database]\ninstances = 1\n"
BLUE_GREEN = '[deployment]\nstrategy = "blue-green"\nbake_minutes = 1\n'
# The pipeline deploys the image that this file of the repository names.
WITHOUT_BUILD = """\
version: 0.2
phases: {build: {commands: [cp app/image.json image.json]}}
artifacts: {files: [image.json]}
"""


def adopt(fork: Fork, settings: str, extension: str = "") -> None:
    """Writes phoenix.toml, the extension, and what follows from both, without the gate of `build.py`."""
    fork.set_settings((EXTENDED if extension else "") + settings)
    (fork.clone / "own.py").write_text(extension)
    project = Project.load(fork.clone)
    for name, text in project.texts().items():
        (fork.clone / "templates" / name).write_text(text, encoding="utf-8")
    if project.pipeline.deployed:
        (fork.clone / RECORD_FILE).write_text(project.pipeline.deployed.to_json())


def rehearsed(stage: Stage, what: str, results: Results) -> Rehearsal:
    """The release of the clone; it succeeds as the preview says, and keeps the data."""
    progress = Progress()
    found = Rehearsal.of("the earlier version", release(stage, {}, progress), progress.parts)
    assert found.release.failures == (), as_text(found)
    assert found.contradicted == [], as_text(found)
    assert found.contradictions == (), as_text(found)
    assert found.release.data is True, as_text(found)
    print(as_text(found))
    failed = sum(found.release.unanswered.values())
    seconds = sum(seconds for title, seconds in progress.parts if not title.startswith("Release, "))
    results.add("rehearsal", what, seconds, note=f"{found.release.requests} requests, {failed} failed; as predicted")
    return found


def seen(found: Rehearsal) -> Mapping[str, Outcome | None]:
    """What happened to the resources of Infrastructure.yml that changed."""
    own = (each for each in found.checks if each.template == "Infrastructure.yml")
    return {each.id: each.seen for each in own if each.seen is not Outcome.UNCHANGED}


def test_releases_do_what_the_preview_says(aws: LocalAws, results: Results) -> None:
    with own_stage(aws, "rehearsal") as stage:
        adopt(stage.fork, "", OWN)
        stage.fork.push("A queue for the tasks")
        stage.up()
        another_image(stage, results)
        one_instance_and_no_queue(stage, results)
        another_name_of_the_service(stage, results)
        another_master_user(stage, results)
        another_port(stage, results)
        another_strategy(stage, results)


def another_image(stage: Stage, results: Results) -> None:
    """Every run from now on deploys it, without a build."""
    another = image(stage.aws, "another", deployed_image(stage), *other_page("Welcome"))
    repository = stage.resources(stage.pipeline_stack)["Repository"]
    push(stage.aws, another, repository, "another")
    ecr = stage.aws.client("ecr")
    [details] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "another"}])["imageDetails"]
    [kept] = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    chosen = {"ImageURI": f"{kept['repositoryUri']}@{details['imageDigest']}"}
    (stage.fork.clone / "app/image.json").write_text(json.dumps(chosen), encoding="utf-8")
    (stage.fork.clone / "app/buildspec.yml").write_text(WITHOUT_BUILD, encoding="utf-8")
    found = rehearsed(stage, "another image", results)
    assert seen(found) == {"TaskDefinition": Outcome.REPLACED, "Service": Outcome.UPDATED}
    assert found.passed


def one_instance_and_no_queue(stage: Stage, results: Results) -> None:
    adopt(stage.fork, ONE_INSTANCE)
    found = rehearsed(stage, "an instance fewer, and a queue of its own removed", results)
    assert {name for name, outcome in seen(found).items() if outcome is Outcome.REMOVED} >= {
        "DatabaseInstance2",
        "OrderQueue",
    }


def another_name_of_the_service(stage: Stage, results: Results) -> None:
    adopt(stage.fork, ONE_INSTANCE, RENAMED)
    found = rehearsed(stage, "the service renamed", results)
    assert seen(found)["Service"] is Outcome.REPLACED
    assert found.passed


def another_port(stage: Stage, results: Results) -> None:
    """The form says that it interrupts the service."""
    adopt(stage.fork, ONE_INSTANCE + ANOTHER_PORT, RENAMED)
    found = rehearsed(stage, "another port of the container", results)
    assert seen(found)["TargetGroup"] is Outcome.REPLACED


def another_strategy(stage: Stage, results: Results) -> None:
    adopt(stage.fork, ONE_INSTANCE + ANOTHER_PORT + BLUE_GREEN, RENAMED)
    found = rehearsed(stage, "blue-green in place of rolling", results)
    assert seen(found)["Service"] is Outcome.UPDATED
    assert Outcome.ADDED in seen(found).values()
    assert found.passed


def another_master_user(stage: Stage, results: Results) -> None:
    """The update is refused, as the preview says, and rolled back; the requests do not notice."""
    progress = Progress()
    done = release(stage, {"MongoDBMasterUsername": "other"}, progress)
    found = Rehearsal.of("the earlier version", done, progress.parts)
    print(as_text(found))
    assert "custom-named resource requires replacing" in done.failures[0]
    assert [each.rolled_back for each in done.updates if each.template == "Infrastructure.yml"] == [True]
    assert seen(found)["DatabaseCluster"] is Outcome.REFUSED
    assert (done.unanswered, done.data) == ({}, True)
    assert (found.contradicted, found.contradictions) == ([], ())
    assert not found.passed
    results.add("rehearsal", "another master user", note="refused and rolled back, as predicted; no request failed")


# The command


@pytest.fixture
def project(engine: DockerEngine, tmp_path: Path) -> Path:
    """One that `phoenix-cfn init` begins, with a service of a few lines and one commit."""
    folder = tmp_path / "orders"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    assert command(folder, "init")[0] == 0
    (folder / "app/server.js").write_text(SERVER)
    (folder / "app/Dockerfile").write_text(DOCKERFILE)
    for name, text in Project.load(folder).texts().items():
        (folder / "templates").mkdir(exist_ok=True)
        (folder / "templates" / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "as it is")


def command(project: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit code, the output, and what is told beside it."""
    done = subprocess.run(
        [sys.executable, "-m", "phoenix_cfn", *arguments],
        cwd=project,
        env={**os.environ, "TMPDIR": str(project.parent / "temporary")},
        capture_output=True,
        text=True,
        timeout=2400,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command(project: Path, results: Results) -> None:
    """The working tree is not committed, and its templates are not written: the build's are released."""
    (project / "app/server.js").write_text(SERVER.replace("hello from", "welcome to"))
    (project / "phoenix.toml").write_text('name = "orders"\n[retention]\ndays = 14\n')
    code, out, told = command(project, "rehearse", "--from", "HEAD", "--json")
    assert code == 0, out + told
    found = json.loads(out)
    assert (found["passed"], found["data"], found["contradictions"]) == (True, "kept", [])
    assert found["requests"]["failed"] == 0 < found["requests"]["sent"]
    resources = found["resources"]["Infrastructure.yml"]
    changed = {name: each["seen"] for name, each in resources.items() if each["seen"] != "unchanged"}
    assert changed["TaskDefinition"] == "replaced"
    assert {changed["Service"], changed["TaskLogGroup"]} == {"updated"}
    assert list((project.parent / "temporary").iterdir()) == []
    seconds = sum(each["seconds"] for each in found["seconds"] if not each["part"].startswith("Release, "))
    sent = found["requests"]["sent"]
    results.add("rehearsal", "`phoenix-cfn rehearse`, images cached", seconds, note=f"{sent} requests, 0 failed")


def test_a_revision_that_does_not_deploy(project: Path) -> None:
    broken = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {Colour: red}}}\n"
    (project / "templates/Pipeline.yml").write_text(broken)
    commit(project)
    code, out, told = command(project, "rehearse", "--from", "HEAD")
    assert (code, out, "Traceback" in told) == (2, "", False), told
    assert "HEAD does not deploy, so that nothing can be released to it" in told
    assert "extraneous key [Colour]" in told
    assert list((project.parent / "temporary").iterdir()) == []
