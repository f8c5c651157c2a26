"""A project: a folder with phoenix.toml, and its two templates."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from msgspec import Struct

from phoenix_cfn import infrastructure, pipeline
from phoenix_cfn.extension import PIPELINE, Extension, ExtensionError
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.infrastructure import Infrastructure
from phoenix_cfn.pipeline import Pipeline
from phoenix_cfn.render import rendered
from phoenix_cfn.settings import Settings

SETTINGS_FILE = "phoenix.toml"
RECORD_FILE = "deployed.json"
TEMPLATES = "templates"
# Files that the rules read in addition to the templates, in the folder of the application.
_RULE_INPUTS = ("buildspec.yml", "Dockerfile")


class Project(Struct, frozen=True):
    """Both stacks of a fork, with the resources of its extension."""

    settings: Settings
    infrastructure: Infrastructure
    pipeline: Pipeline

    @property
    def rule_inputs(self) -> tuple[str, ...]:
        """Files of the project, by path, that the rules read in addition to the templates."""
        return tuple(str(PurePosixPath(self.settings.source_dir, name)) for name in _RULE_INPUTS)

    @classmethod
    def load(cls, root: Path) -> Project:
        """Reads phoenix.toml in `root`, if it exists, and generates the templates. Raises PhoenixError."""
        settings = Settings.load(root / SETTINGS_FILE)
        extension = Extension.load(root, settings.extension)
        stage = infrastructure.build(settings)
        extension.extend_infrastructure(stage)
        # The deploy role follows from the complete template, and from earlier templates that stages may still have.
        release = pipeline.build(settings, stage.template, Earlier.read(root / RECORD_FILE))
        extension.extend_pipeline(release)
        if extension.path and stage.template.to_dict() != release.stack:
            raise ExtensionError(
                extension.path.name,
                f"a change of Infrastructure.yml in {PIPELINE}",
                "all changes in extend_infrastructure: the deploy role is derived from the template before",
                "Move it there.",
            )
        return cls(settings, stage, release)

    def texts(self) -> dict[str, str]:
        """Both templates as the build writes them, by file name."""
        templates = {"Pipeline.yml": self.pipeline.template, "Infrastructure.yml": self.infrastructure.template}
        return {name: rendered(each.to_dict(), each.authors) for name, each in templates.items()}
