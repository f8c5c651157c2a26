"""The bench of the corrections' tests: a local AWS of their own, which they may leave untidy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws
from tests.deployment.fork import Fork
from tests.local.aws.lab import Lab
from tests.local.aws.service import push_image


@pytest.fixture(scope="package")
def aws(engine: DockerEngine) -> Iterator[LocalAws]:
    """Another one than the story's."""
    with tempfile.TemporaryDirectory(prefix="phoenix-lab-", ignore_cleanup_errors=True) as folder:
        running = LocalAws.start(engine, Path(folder) / "state")
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="package")
def fork(aws: LocalAws) -> Fork:
    """For pipelines of the lab."""
    return Fork.create(aws)


@pytest.fixture(scope="package")
def image(aws: LocalAws) -> str:
    """A small image in the local ECR: its URI by digest."""
    return push_image(aws)


@pytest.fixture
def lab(aws: LocalAws) -> Iterator[Lab]:
    """Empty before and after each test."""
    bench = Lab(aws)
    yield bench
    bench.clean()
