"""Where the code comes from: one file for each kind, chosen by the setting `source`."""

from __future__ import annotations

from typing import Protocol

from awacs.aws import Statement
from troposphere.codepipeline import Pipeline, Stages
from troposphere.kms import Key

from phoenix_cfn.pipeline.sources.codecommit import codecommit
from phoenix_cfn.pipeline.sources.github_connection import github_connection
from phoenix_cfn.pipeline.sources.github_oauth import github_oauth
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


class Source(Protocol):
    """The pipeline's first stage, what the pipeline's role needs to read it, and how a push starts a run."""

    @property
    def stage(self) -> Stages: ...

    @property
    def statements(self) -> list[Statement]: ...

    def announce_pushes(self, template: StageTemplate, settings: Settings, pipeline: Pipeline, key: Key) -> None:
        """Adds what tells the pipeline of a push to the branch."""


def source(template: StageTemplate, settings: Settings) -> Source:
    """Asks in the template's form where the code is."""
    if settings.source == "github-connection":
        return github_connection(template)
    if settings.source == "codecommit":
        return codecommit(template)
    return github_oauth(template)
