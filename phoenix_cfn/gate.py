"""The gate: cfn-lint, unmodified and in this process, with the project's configuration and rules.

It says exactly what a bare `cfn-lint` in the root would say of the templates, before they are written there.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

CONFIGURATION = ".cfnlintrc"
# The project's rules, and what they read templates with.
RULES = ("phoenix_cfn/rules", "phoenix_cfn/cloudformation")
TEMPLATES = "templates"
# What the project's rules read beside the templates.
RULE_INPUTS = ("app/buildspec.yml", "app/Dockerfile")
_VERDICT = Path(".cache", "gate")


@dataclass(frozen=True)
class Finding:
    """`text` is what cfn-lint prints; `path` leads into the template, such as ("Resources", "Vpc", "Properties")."""

    template: str
    path: tuple[str, ...]
    text: str


def digest(root: Path, templates: dict[str, bytes]) -> str:
    """Stands for everything that the verdict depends on."""
    parts: list[tuple[str, bytes]] = [("cfn-lint", version("cfn-lint").encode()), *sorted(templates.items())]
    code = [path for folder in RULES for path in (root / folder).rglob("*.py")]
    inputs = [root / CONFIGURATION, *(root / each for each in RULE_INPUTS), *code]
    parts += [(str(path.relative_to(root)), path.read_bytes()) for path in sorted(inputs) if path.is_file()]
    summary = hashlib.sha256()
    for name, content in parts:
        summary.update(f"{name}\0{len(content)}\0".encode() + content)
    return summary.hexdigest()


def is_known_clean(root: Path, verdict: str) -> bool:
    """Whether these very templates have passed before; only clean verdicts are remembered."""
    try:
        return (root / _VERDICT).read_text(encoding="ascii") == verdict
    except (OSError, UnicodeDecodeError):
        return False


def remember_clean(root: Path, verdict: str) -> None:
    """Keeps the verdict for the next build. Where that cannot be written, the next build lints again."""
    with contextlib.suppress(OSError):
        (root / _VERDICT).parent.mkdir(exist_ok=True)
        (root / _VERDICT).write_text(verdict, encoding="ascii")


def findings(root: Path, templates: dict[str, bytes]) -> list[Finding]:
    """What cfn-lint finds, in its own order and words."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner
    from cfnlint.runner.cli import get_formatter

    with _checkout_with(root, templates), _no_garbage_collection():
        config = ConfigMixIn([])
        runner = Runner(config)
        matches = sorted(runner.run(), key=lambda match: (match.filename, match.linenumber, match.rule.id))
        formatter = get_formatter(config)
        return [
            Finding(
                template=Path(match.filename).name,
                path=tuple(str(step) for step in getattr(match, "path", None) or ()),
                text=formatter.print_matches([match], runner.rules, config=config).strip(),
            )
            for match in matches
        ]


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """cfn-lint makes many objects and drops few of them: a fifth of its time would go into looking for those."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _checkout_with(root: Path, templates: dict[str, bytes]) -> Iterator[None]:
    """Stands in a copy of the root (of links) that has these templates in place of those on disk.

    So cfn-lint reads its own configuration, and rules that compare the templates with each other and with app/ see what
    would be written.
    """
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for entry in root.iterdir():
            if entry.name != TEMPLATES:
                (copy / entry.name).symlink_to(entry)
        (copy / TEMPLATES).mkdir()
        for file, content in templates.items():
            (copy / TEMPLATES / file).write_bytes(content)
        os.chdir(copy)
        try:
            yield
        finally:
            os.chdir(before)
