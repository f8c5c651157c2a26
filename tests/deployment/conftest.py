"""Fixtures of the deployment tests.

A test of the application or of its load takes `stage`: it is deployed once, and each test finds it as `up` left it.
What changes a template, or deletes a stage, deploys one of its own: `with own_stage(aws, "prefix") as stage`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws

from .results import Results
from .stage import Stage, local_aws, own_stage

# What one second of AWS's clocks lasts.
TIME_SCALE = 0.1


@pytest.fixture(scope="session")
def aws(engine: DockerEngine) -> Iterator[LocalAws]:
    """The local AWS of the session."""
    with local_aws(engine, TIME_SCALE) as running:
        yield running


@pytest.fixture(scope="session")
def results(engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Results]:
    """The recorded table: printed in the end, and written to docs/ when PHOENIX_RECORD is set and nothing failed. With
    `pytest -n`, no process has all of it.
    """
    collected = Results(engine, TIME_SCALE)
    yield collected
    print("\n" + collected.table())
    partial = "PYTEST_XDIST_WORKER" in os.environ
    if os.environ.get("PHOENIX_RECORD") and not partial and not request.session.testsfailed:
        collected.write()


@pytest.fixture(scope="session")
def deployed(aws: LocalAws, results: Results) -> Iterator[Stage]:
    """The stage `dev`, with the original's nine parameters."""
    with own_stage(aws, "dev") as made:
        start = time.time()
        made.up()
        results.add("R1", "both stacks from nothing, image built", time.time() - start)
        yield made


@pytest.fixture
def stage(deployed: Stage) -> Iterator[Stage]:
    """The deployed stage as `up` left it. What a test changes is restored after it."""
    deployed.restore()
    yield deployed
    deployed.restore()
