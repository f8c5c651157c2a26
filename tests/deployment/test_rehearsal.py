"""Releases to a running stage, each rehearsed: what happens to every resource is what the preview says.

One story on one stage, whose releases need no build of an image.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.rehearsal.rehearsal import Rehearsal
from phoenix_cfn.local.rehearsal.release import release
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.project import RECORD_FILE, Project

from .fork import Fork
from .results import Results
from .stage import Stage, own_stage
from .test_story_8_outlives import OWN
from .variants import choose, deployed_image, variant

RENAMED = """
from troposphere import Sub


def extend_infrastructure(infrastructure):
    infrastructure.service.service.ServiceName = Sub("${StagePrefix}-phoenix-web")
"""
EXTENDED = 'extension = "own.py"\n'
ANOTHER_PORT = "[service]\ncontainer_port = 9090\n"
ONE_INSTANCE = "[database]\ninstances = 1\n"
BLUE_GREEN = '[deployment]\nstrategy = "blue-green"\nbake_minutes = 1\n'


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
    assert found.release.failures == ()
    assert [(each.id, each.text) for each in found.contradicted] == []
    assert found.contradictions == ()
    assert found.release.data is True
    failed = sum(found.release.unanswered.values())
    seconds = sum(seconds for title, seconds in progress.parts if "," not in title)
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
        image = deployed_image(stage)
        another = variant(stage, image, "another", {"src/pages.js": ("Welcome to Express", "Welcome")})
        choose(stage.fork, another)
        changed = seen(rehearsed(stage, "another image", results))
        assert changed == {"TaskDefinition": Outcome.REPLACED, "Service": Outcome.UPDATED}
