"""The sources of the code: a file for each kind, with the name of the setting's value."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast, get_args

from awacs.aws import Statement
from msgspec import Struct
from troposphere.codepipeline import Pipeline, Stages

from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import SourceKind
from phoenix_cfn.template import StageTemplate

KINDS: tuple[SourceKind, ...] = get_args(SourceKind)


class Source(Struct, frozen=True):
    """`stage`: the first stage of the pipeline; `statements`: the permissions of the pipeline's role for the source.

    `start_on_push` adds the resources that start a run on a push; `commits`: the URL of a commit, without its id.
    """

    stage: Stages
    statements: list[Statement]
    commits: str
    start_on_push: Callable[[Scope, Pipeline], None]


def source_of_kind(kind: SourceKind, template: StageTemplate) -> Source:
    """The source of a kind with its parameters: github_oauth.py for `github-oauth`."""
    name = kind.replace("-", "_")
    build = cast(Callable[[StageTemplate], Source], getattr(import_module(f"{__name__}.{name}"), name))
    return build(template)
