"""Settings of a project and the templates that follow from them, without the gate of `build.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.project import SETTINGS_FILE, TEMPLATES, Project
from phoenix_cfn.render import render


def generate(folder: Path) -> Project:
    """Writes the templates of the project in the folder, as its phoenix.toml has them; the project."""
    project = Project.load(folder)
    _write(folder, project.texts())
    return project


def choose(project: Path, chosen: Mapping[str, Any]) -> Settings:
    """Writes phoenix.toml and both templates into the project."""
    settings = Settings.of(dict(chosen))
    (project / SETTINGS_FILE).write_text("".join(f"{key} = {_toml(value)}\n" for key, value in chosen.items()))
    stage = infrastructure.build(settings)
    release = pipeline.build(settings, stage.template)
    templates = {"Infrastructure.yml": stage.template, "Pipeline.yml": release.template}
    _write(project, {name: render(template) for name, template in templates.items()})
    return settings


def _write(project: Path, templates: Mapping[str, str]) -> None:
    (project / TEMPLATES).mkdir(exist_ok=True)
    for name, text in templates.items():
        (project / TEMPLATES / name).write_text(text, encoding="utf-8")


def _toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
