"""Stages that share an account; the third has a name that begins like everything of the first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.iam.account import Stage
from tests.stack import Stack

PREFIXES = ("dev", "dev-2", "dev-phoenix", "x" * 20)

StageOf = Callable[[str], Stage]


@pytest.fixture(scope="session")
def stage_of(pipeline_stack: Stack, infrastructure_stack: Stack) -> StageOf:
    stages = {prefix: Stage(pipeline_stack, infrastructure_stack, prefix) for prefix in PREFIXES}
    return stages.__getitem__


@pytest.fixture(scope="session")
def dev(stage_of: StageOf) -> Stage:
    return stage_of("dev")
