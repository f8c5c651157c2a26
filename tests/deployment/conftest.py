"""Fixtures of the deployment tests.

A test of the application or of its load takes `stage`: it is deployed once, and each test finds it as `up` left it.
What changes a template, or deletes a stage, deploys one of its own: `with own_stage(aws, "prefix") as stage`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws

from . import recorded
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
    """The rows of the table in docs/deployment-tests.md."""
    collected = Results(engine, TIME_SCALE)
    yield collected
    part = collected.part()
    print("\n" + part.text())
    recorded.keep(request.config, part)


@pytest.fixture(scope="session")
def deployed(aws: LocalAws, results: Results) -> Iterator[Stage]:
    """The stage `dev`, with the original's nine parameters."""
    with own_stage(aws, "dev", tests=True) as made:
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
