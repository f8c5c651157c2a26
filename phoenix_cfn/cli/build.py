"""`phoenix-cfn build`: generates the templates, runs the gate, and writes the files."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phoenix_cfn import cfnlintrc, schema, verdict
from phoenix_cfn.cli.outcome import FINDINGS
from phoenix_cfn.cloudformation.limits import INLINE_BYTES
from phoenix_cfn.files import UNCHANGED, read, write
from phoenix_cfn.picture import DRAWN, drawn
from phoenix_cfn.project import RECORD_FILE, SETTINGS_FILE, TEMPLATES, Project
from phoenix_cfn.render import rendered
from phoenix_cfn.template import StageTemplate

if TYPE_CHECKING:
    from phoenix_cfn.gate import Finding

# The state of a file with --check.
_AS_GENERATED, _DIFFERS = "as generated", "differs"


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Builds the project in `root`. Returns the exit code: 0; 1 for findings or drift. Raises PhoenixError."""
    options = _parse(arguments, root, prog)
    began = time.perf_counter()
    project = Project.load(root)
    templates = {"Pipeline.yml": project.pipeline.template, "Infrastructure.yml": project.infrastructure.template}
    # The stack of the deploy role, before any later change by the extension.
    plain = {"Pipeline.yml": project.pipeline.template.to_dict(), "Infrastructure.yml": project.pipeline.stack}
    contents = {name: rendered(plain[name], template.authors).encode() for name, template in templates.items()}
    beside = _files_beside(root, project, plain["Pipeline.yml"], plain["Infrastructure.yml"])

    # Their paths in the project, whatever --output is.
    files = {f"{TEMPLATES}/{name}": content for name, content in contents.items()}
    files[cfnlintrc.FILE] = beside[root / cfnlintrc.FILE]
    digest = verdict.digest(root, files, project.rule_inputs)
    known = verdict.is_known_clean(root, digest)
    found = [] if known else _lint(root, files)
    if found:
        _print_findings(found, templates, root)
        _print_table(templates, contents, found, dict.fromkeys(templates, "not written"), began)
        return FINDINGS

    # The templates last: a record of deployed resources with too many entries does no harm.
    places = beside | {options.output / name: content for name, content in contents.items()}
    if options.check:
        drifted = {path for path, content in places.items() if _print_drift(path, content)}
        states = {path: _DIFFERS if path in drifted else _AS_GENERATED for path in places}
    else:
        drifted = set()
        states = write(places)
        if not known:
            verdict.remember_clean(root, digest)
    _print_table(templates, contents, found, {name: states[options.output / name] for name in templates}, began)
    _print_notes(contents, {path: states[path] for path in beside})
    return FINDINGS if drifted else 0


def _parse(arguments: Sequence[str], root: Path, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Writes templates/Pipeline.yml and templates/Infrastructure.yml if cfn-lint has no findings, and "
        "updates the other generated files.",
        epilog="Exit code: 0; 1 for findings, or for drift with --check; 2 for invalid input.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file differs from the generated one"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=root / TEMPLATES,
        help="folder of the templates (default: templates/)",
    )
    return parser.parse_args(arguments)


def _lint(root: Path, files: Mapping[str, bytes]) -> list[Finding]:
    # Imported here: it takes a tenth of the time of a build that does not run cfn-lint.
    from phoenix_cfn import gate

    return gate.findings(root, files)


def _files_beside(root: Path, project: Project, release: dict[str, Any], stage: dict[str, Any]) -> dict[Path, bytes]:
    """The generated files other than the templates: the settings' schema, the rules' numbers, drawings in documents."""
    configuration = read(root / cfnlintrc.FILE)
    if configuration is None:
        raise cfnlintrc.ConfigurationError(
            "no such file", "cfn-lint's configuration of the project", "Restore it, or run `phoenix-cfn init`."
        )
    try:
        text = configuration.decode()
    except UnicodeDecodeError as error:
        raise cfnlintrc.ConfigurationError(str(error), "UTF-8", "Correct the file.") from error
    files = {root / cfnlintrc.FILE: cfnlintrc.with_numbers(text, project.settings).encode()}
    if (root / SETTINGS_FILE).exists():
        files[root / schema.FILE] = schema.schema().encode()
    if project.pipeline.deployed:
        files[root / RECORD_FILE] = project.pipeline.deployed.to_json().encode()
    for path in [root / "README.md", *sorted(root.glob("docs/*.md"))]:
        text = (read(path) or b"").decode(errors="surrogateescape")
        if DRAWN in text:
            files[path] = drawn(text, release, stage).encode(errors="surrogateescape")
    return files


def _print_drift(path: Path, content: bytes) -> bool:
    """Whether the file differs from the generated one; prints the difference."""
    on_disk = read(path)
    if on_disk == content:
        return False
    # Not above: it takes long to load.
    import difflib

    shown = (on_disk or b"").decode(errors="replace")
    for line in difflib.unified_diff(
        shown.splitlines(), content.decode().splitlines(), str(path), "generated", lineterm=""
    ):
        print(line)
    return True


def _print_findings(found: list[Finding], templates: Mapping[str, StageTemplate], root: Path) -> None:
    from phoenix_cfn import explanation

    for finding in found:
        print(finding.text)
        if finding.path:
            print(f"  at {'/'.join(finding.path)}")
        template = templates.get(Path(finding.file).name)
        author = template.authors.get(finding.path[1]) if template and len(finding.path) > 1 else None
        if author:
            print(f"  written by {author}")
        if remedy := explanation.fix(finding.rule):
            print(f"  fix: {remedy}")
        if page := explanation.place(finding.rule, root):
            print(f"  explained: {page}")
        print()


def _print_table(
    templates: Mapping[str, StageTemplate],
    contents: Mapping[str, bytes],
    found: list[Finding],
    states: Mapping[str, str],
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
                sum(Path(finding.file).name == name for finding in found),
                states[name],
            )
        )
    print(f"{time.perf_counter() - began:.2f} s")


def _print_notes(contents: Mapping[str, bytes], states: Mapping[Path, str]) -> None:
    for path, state in states.items():
        if state not in (UNCHANGED, _AS_GENERATED):
            print(f"{path.name}: {state}")
        if state == _DIFFERS and path.name == RECORD_FILE:
            print(
                "A stage may have resources that this record does not list. Run the build without --check, and "
                "commit both templates with the record."
            )
    for name, content in contents.items():
        if len(content) > INLINE_BYTES:
            print(
                f"{name} has {len(content)} bytes, {len(content) - INLINE_BYTES} more than the API accepts inline. The "
                "console and the pipeline can deploy it; the AWS CLI needs it in a bucket (--template-url)."
            )
    for place in _read_by_a_bare_cfn_lint():
        kind, other = ("folder", "") if place.is_dir() else ("file", ", or run cfn-lint with --config-file .cfnlintrc")
        print(
            f"{place}: `cfn-lint` reads this {kind}, the gate does not. Their findings may differ. Remove the "
            f"{kind}{other}."
        )


def _read_by_a_bare_cfn_lint() -> list[Path]:
    """The files in the user's home directory that cfn-lint reads: configurations, and schemas of `--update-specs`."""
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home directory
        return []
    caches = [home / "Library/Caches", Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")]
    if local := os.environ.get("LOCALAPPDATA"):
        caches.append(Path(local))
    configurations = (home / name for name in (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"))
    schemas = (cache / "aws/cfn-lint/schemas/providers" for cache in caches)
    return [*filter(Path.is_file, configurations), *filter(Path.is_dir, schemas)]
