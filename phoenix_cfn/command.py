"""The command behind build.py: generate, gate, write."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn import gate, infrastructure, pipeline
from phoenix_cfn.errors import OutputError, PhoenixError
from phoenix_cfn.iam import handlers
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.pipeline.deployed import RECORD, left_by, of_the_library, types
from phoenix_cfn.render import render
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# The API takes this many bytes inline; the console and the pipeline take more. Both templates stay usable everywhere.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE_BYTES = 51_200

_FAILED, _UNUSABLE = 1, 2


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0; 1 for findings or drift; 2 for arguments, settings or places that cannot be used."""
    options = _parse(root, arguments)
    try:
        return _build(root, options.output, options.check)
    except PhoenixError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return _UNUSABLE


def _parse(root: Path, arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="build.py",
        description="Writes templates/Pipeline.yml and templates/Infrastructure.yml, if cfn-lint passes them.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the files are not what would be written"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", default=root / gate.TEMPLATES, help="where to write (default: templates/)"
    )
    return parser.parse_args(arguments)


def _build(root: Path, output: Path, check: bool) -> int:
    began = time.perf_counter()
    settings = Settings.load(root / "phoenix.toml")
    deployed = infrastructure.template(settings)
    before = Earlier.read(root / RECORD)
    recorded = before | (left_by(settings, deployed.to_dict()) - of_the_library(settings))
    templates = {"Pipeline.yml": pipeline.template(settings, deployed, recorded), "Infrastructure.yml": deployed}
    contents = {name: render(template).encode() for name, template in templates.items()}

    verdict = gate.digest(root, contents)
    known = gate.is_known_clean(root, verdict)
    found = [] if known else gate.findings(root, contents)
    if found:
        _print_findings(found, templates)
        _print_table(templates, contents, found, dict.fromkeys(templates, "not written"), began)
        return _FAILED

    if check:
        grown = recorded != before
        if grown:
            print(f"{RECORD}: lacks what Infrastructure.yml now has; run build.py, and commit it with the templates")
        drifted = [name for name in contents if _print_drift(output / name, contents[name])]
        states = {name: "differs" if name in drifted else "as generated" for name in templates}
        _print_table(templates, contents, found, states, began)
        return _FAILED if drifted or grown else 0

    files = {output / name: content for name, content in contents.items()}
    if recorded != before:
        # First: a record that is too long does no harm.
        files = {root / RECORD: recorded.to_json().encode(), **files}
        print(f"{RECORD}: extended by what Infrastructure.yml now has, for as long as a stage may have it; commit it")
    written = _write(files)
    states = {name: written[output / name] for name in contents}
    _refresh_handlers(types(settings, deployed.to_dict(), recorded))
    if not known:
        gate.remember_clean(root, verdict)
    _print_table(templates, contents, found, states, began)
    return 0


def _refresh_handlers(resource_types: set[str]) -> None:
    """Keeps on record, for a diff to show, what the deploy role follows from; where that is not writable, it is not."""
    with contextlib.suppress(OSError):
        if handlers.refresh(resource_types):
            print(f"{handlers.DATA.name}: refreshed for the deploy role")


def _write(files: dict[Path, bytes]) -> dict[Path, str]:
    """Puts all files in place, each at one stroke; leaves alone what would not change.

    The new files are complete beside the old ones before the first is replaced.
    """
    states = {path: "unchanged" if _read(path) == content else "written" for path, content in files.items()}
    waiting: dict[Path, Path] = {}
    place = Path()
    try:
        for place, content in files.items():
            if states[place] == "written":
                handle, path = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
                waiting[Path(path)] = place
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                os.chmod(path, 0o644)
        for new, place in list(waiting.items()):
            os.replace(new, place)
            del waiting[new]
    except OSError as error:
        raise OutputError(
            f"cannot write to {place.parent}: {error.strerror}. "
            "Make it a folder that you may write to, or name another with --output."
        ) from error
    finally:
        for new in waiting:
            new.unlink(missing_ok=True)
    return states


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}. Make it a readable file, or remove it.") from error


def _print_drift(path: Path, content: bytes) -> bool:
    """Whether the file is not what the generator writes; prints how."""
    on_disk = _read(path)
    if on_disk == content:
        return False
    shown = (on_disk or b"").decode(errors="replace")
    for line in difflib.unified_diff(
        shown.splitlines(), content.decode().splitlines(), str(path), "what build.py writes", lineterm=""
    ):
        print(line)
    return True


def _print_findings(found: list[gate.Finding], templates: dict[str, StageTemplate]) -> None:
    for finding in found:
        print(finding.text)
        if finding.path:
            print(f"  at {'/'.join(finding.path)}")
        author = templates[finding.template].origins.get(finding.path[1]) if len(finding.path) > 1 else None
        if author:
            print(f"  written by {author}()")
        print()


def _print_table(
    templates: dict[str, StageTemplate],
    contents: dict[str, bytes],
    found: list[gate.Finding],
    states: dict[str, str],
    began: float,
) -> None:
    row = "{:<20}{:>10}{:>12}{:>8}{:>10}{:>10}  {}".format
    print(row("template", "resources", "parameters", "bytes", "of inline", "findings", ""))
    for name, template in templates.items():
        size = len(contents[name])
        print(
            row(
                name,
                len(template.resources),
                len(template.parameters),
                size,
                f"{size / INLINE_BYTES:.0%}",
                sum(finding.template == name for finding in found),
                states[name],
            )
        )
    print(f"{time.perf_counter() - began:.2f} s")
