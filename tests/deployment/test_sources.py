"""R1 from the two other sources: a push to CodeCommit, or to GitHub by connection, is built, deployed and answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

import pytest

from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.settings import SourceKind
from tests.deployment import REPOSITORY_ROOT

from .account import existing
from .chosen import choose
from .fork import Fork
from .prebuilt import deployed_image, image, release
from .results import Results
from .stage import Stage, eventually
from .versions import other_page, without_tests

# What starts a run after a push, by the kind of the source, and the stage's prefix.
TRIGGERS = {"github-connection": ("WebhookV2", "connected"), "codecommit": ("CloudWatchEvent", "commit")}


@pytest.fixture(scope="module", params=TRIGGERS)
def sourced(aws: LocalAws, results: Results, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A stage whose code is elsewhere than at the end of a webhook."""
    source = cast(SourceKind, request.param)
    prefix = TRIGGERS[source][1]
    before = existing(aws)
    fork = Fork(aws, f"owner-of-{prefix}", f"kata-by-{prefix}", source)
    fork.fill(REPOSITORY_ROOT)
    (fork.clone / "deployed.json").unlink(missing_ok=True)
    choose(fork.clone, {"pipeline": {"source": source}})
    without_tests(fork)
    fork.push("The project as it is")
    stage = Stage(aws, fork, prefix)
    start = time.time()
    try:
        stage.up()
        results.add("R1", f"both stacks from nothing, source {source}", time.time() - start)
        yield stage
    finally:
        stage.remove()
    assert existing(aws) == before
    assert fork.remote.hooks().keys() <= {
        f"{aws.settings.endpoint}/_local/pushes/codecommit/000000000000/eu-central-1/{fork.name}"
    }


def test_a_push_is_built_deployed_and_answers(sourced: Stage, results: Results) -> None:
    """The first version comes from a build of the source; the second is an image that exists."""
    first, *_ = sourced.executions()
    assert [(each["name"], each["status"]) for each in first["actions"]] == [
        (name, "Succeeded") for name in ("Source", "Build", "Deploy")
    ]
    assert first["commit"] == sourced.fork.head()
    assert b"Welcome to Express" in sourced.get().body
    second = image(sourced.aws, f"second-{sourced.prefix}", deployed_image(sourced), *other_page("Second"))
    start = time.time()
    run = release(sourced, second, "Second")
    execution = sourced.finished(run)
    eventually(lambda: b"Second" in sourced.get().body, 10, "the new page")
    assert execution["commit"] == sourced.fork.head()
    assert execution["trigger"] in [trigger for trigger, prefix in TRIGGERS.values() if prefix == sourced.prefix]
    results.add("R5", f"a push releases, stage {sourced.prefix}", time.time() - start)
