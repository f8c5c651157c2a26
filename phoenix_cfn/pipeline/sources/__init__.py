"""Where the code comes from: a file for each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from awacs.aws import Statement
from troposphere.codepipeline import Pipeline, Stages

from phoenix_cfn.scope import Scope


@dataclass(frozen=True)
class Source:
    """`stage`: the pipeline's first; `statements`: what the pipeline's role needs to read the source.

    `start_on_push` adds what starts a run after a push.
    """

    stage: Stages
    statements: list[Statement]
    start_on_push: Callable[[Scope, Pipeline], None]
