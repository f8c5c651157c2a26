"""A stage of a released version is updated to this one, the pipeline stack first: its data stays, and it answers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest

from phoenix_cfn.local.server import LocalAws

from .database import connection_string, database, find_request_in_the_database, logged
from .results import Results
from .stage import Stage, own_stage
from .upgrade import ALLOWED_BY_HAND, FOLDER, HOLDS_DATA, RELEASED, REPLACED, TEMPLATES, read
from .visitors import Visitors


@pytest.fixture(scope="module", params=RELEASED)
def version(request: pytest.FixtureRequest) -> str:
    """A released version."""
    return str(request.param)


@pytest.fixture(scope="module")
def old(version: str, aws: LocalAws) -> Iterator[Stage]:
    """A stage that the templates of a released version have deployed."""
    with own_stage(aws, "since-" + version.replace(".", "-")) as stage:
        for name in TEMPLATES:
            shutil.copy(FOLDER / version / name, stage.fork.clone / "templates" / name)
        for file, old, new in ALLOWED_BY_HAND.get(version, ()):
            stage.fork.replace(file, old, new)
        stage.fork.push(f"The templates of {version}")
        stage.up()
        yield stage


def test_an_update_keeps_what_holds_data(version: str, old: Stage, results: Results) -> None:
    word = find_request_in_the_database(old, database(old, connection_string(old)))
    stacks = {"Pipeline.yml": old.pipeline_stack, "Infrastructure.yml": old.infrastructure_stack}
    before = {name: old.resources(stack) for name, stack in stacks.items()}
    old.steady()
    with Visitors(old, rate=10) as visitors:
        start = time.time()
        old.fork.restore(old.fork.good, "templates")
        # The README's order: the pipeline stack, which has the deploy role, and then a release. The update starts a run
        # of its own, of the old commit.
        old.update_pipeline()
        for run in range(len(old.executions())):
            old.finished(run + 1)
        old.finished(old.push("The templates of today", old.first))
        seconds = time.time() - start
    assert visitors.failed == []
    after = {name: old.resources(stack) for name, stack in stacks.items()}
    changed: dict[str, str] = {}
    for name in TEMPLATES:
        types = {title: each["Type"] for title, each in read(FOLDER / version / name)["Resources"].items()}
        changed |= {
            title: types[title] for title, each in before[name].items() if after[name].get(title, "removed") != each
        }
    assert [title for title, kind in changed.items() if kind in HOLDS_DATA] == []
    assert set(changed) <= set(REPLACED[version])
    assert logged(database(old, connection_string(old)), word)
    results.add("R5", f"a stage of {version} updated to today's templates, its data kept", seconds, visitors)
