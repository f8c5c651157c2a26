"""Releases to a running stage, each rehearsed: what happens to every resource is what the preview says.

One story on one stage, whose releases need no build of an image. The command is in test_rehearse_command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.rehearsal.rehearsal import Rehearsal
from phoenix_cfn.local.rehearsal.release import release
from phoenix_cfn.local.rehearsal.report import as_text
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.project import RECORD_FILE

from .chosen import generate
from .fork import Fork
from .prebuilt import push
from .results import Results
from .stage import Stage, own_stage
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
    project = generate(fork.clone)
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
    failed = found.release.failed_requests
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
    another = stage.version("another", *other_page("Welcome"))
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
