"""Settings of a project and the templates that follow from them, without the gate of `build.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.project import SETTINGS_FILE, TEMPLATES
from phoenix_cfn.render import render


def choose(project: Path, chosen: Mapping[str, Any]) -> Settings:
    """Writes phoenix.toml and both templates into the project."""
    settings = Settings.of(dict(chosen))
    (project / SETTINGS_FILE).write_text("".join(f"{key} = {_toml(value)}\n" for key, value in chosen.items()))
    stage = infrastructure.build(settings)
    release = pipeline.build(settings, stage.template)
    (project / TEMPLATES).mkdir(exist_ok=True)
    for name, template in (("Infrastructure", stage.template), ("Pipeline", release.template)):
        (project / TEMPLATES / f"{name}.yml").write_text(render(template), encoding="utf-8")
    return settings


def _toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
