"""Both templates of any settings before the gate."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from phoenix_cfn import Settings, cfnlintrc, gate, infrastructure, pipeline
from phoenix_cfn.render import render

ROOT = Path(__file__).resolve().parents[1]


def findings(folder: Path, chosen: dict[str, Any]) -> list[str]:
    """What the gate finds in the templates of these settings. `folder`: an empty one, which becomes the project's."""
    settings = Settings.of(chosen)
    text = (ROOT / "phoenix_cfn/cli/skeleton/cfnlintrc").read_text(encoding="utf-8")
    (folder / cfnlintrc.FILE).write_text(cfnlintrc.with_numbers(text, settings), encoding="utf-8")
    (folder / "app").mkdir()
    shutil.copy(ROOT / "app/buildspec.yml", folder / "app")
    (folder / "app/Dockerfile").write_text(dockerfile(settings), encoding="utf-8")
    stage = infrastructure.build(settings)
    release = pipeline.build(settings, stage.template)
    templates = {"Infrastructure.yml": stage.template, "Pipeline.yml": release.template}
    files = {f"templates/{name}": render(template).encode() for name, template in templates.items()}
    return [each.text for each in gate.findings(folder, files)]


def dockerfile(settings: Settings) -> str:
    """The application's, with the user and the writable paths of the settings."""
    text = (ROOT / "app/Dockerfile").read_text(encoding="utf-8")
    volumes = "".join(f"VOLUME {path}\n" for path in settings.service.writable_paths)
    user = settings.service.user or "1000:1000"
    return text.replace("USER 1000:1000\nEXPOSE", f"{volumes}USER {user}\nEXPOSE")
