"""The templates of the default settings, built once for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.stack import Stack

# A machine that is busy is no failure. In CI the examples are the same in every run; elsewhere each run tries others.
hypothesis.settings.register_profile("phoenix", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("phoenix")


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def infrastructure_stack() -> Stack:
    return Stack(infrastructure.template(Settings()))


@pytest.fixture(scope="session")
def pipeline_stack() -> Stack:
    return Stack(pipeline.template(Settings()))
