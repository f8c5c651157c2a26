"""The templates of the default settings, built once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.stack import Stack


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def infrastructure_stack() -> Stack:
    return Stack(infrastructure.template(Settings()))


@pytest.fixture(scope="session")
def pipeline_stack() -> Stack:
    return Stack(pipeline.template(Settings()))
