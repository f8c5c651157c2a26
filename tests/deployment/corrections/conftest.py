"""The bench of the corrections' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..server import LocalAws
from .lab import Lab
from .service import push_image


@pytest.fixture
def lab(aws: LocalAws) -> Iterator[Lab]:
    """Empty before and after each test."""
    bench = Lab(aws)
    yield bench
    bench.clean()


@pytest.fixture(scope="session")
def image(aws: LocalAws) -> str:
    """A small image in the local ECR: its URI by digest."""
    return push_image(aws)
