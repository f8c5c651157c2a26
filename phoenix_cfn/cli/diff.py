"""`phoenix-cfn diff`: what an update from one template to another does to a running stack."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from phoenix_cfn.changes import report, revisions
from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.changes.preview import DATA_LOSS, Preview, previews
from phoenix_cfn.changes.sides import Side
from phoenix_cfn.cli.arguments import add_assignments, add_set
from phoenix_cfn.cli.outcome import FINDINGS
from phoenix_cfn.cloudformation.documents import TemplateError, parse, template_in
from phoenix_cfn.cloudformation.functions import scalar
from phoenix_cfn.errors import PhoenixError

_SUFFIXES = (".yml", ".yaml", ".json", ".template")
_TEMPLATES = "templates"
_BUILD = "the generated templates"
_NOTHING: dict[str, Any] = {"Resources": {}}


class UsageError(PhoenixError):
    """Arguments that contradict each other, or do not match the templates."""


@dataclass(frozen=True)
class Source:
    """Templates by file name. `folder` is that of their nested stacks, or None."""

    label: str
    texts: Mapping[str, str]
    folder: Path | None = None


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 if --fail-on matches. Raises PhoenixError."""
    options = _parse(arguments, prog)
    old, new = _sources(root, options.old, options.new)
    found = _previews(old, new, _values(options, "old"), _values(options, "new"))
    if options.json:
        print(json.dumps(report.as_json(found), indent=1))
    elif options.markdown:
        print(report.as_markdown(found), end="")
    else:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        print(report.as_text(found, color), end="")
    failing = {wanted: [name for each in found for name in each.matching(wanted)] for wanted in options.fail_on}
    for wanted, names in failing.items():
        if names:
            print(f"{prog}: --fail-on {wanted}: {', '.join(names)}", file=sys.stderr)
    return FINDINGS if any(failing.values()) else 0


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints what an update does to each resource of a running stack, from the templates alone: "
        "updated, interrupted, replaced or refused, and what happens to its data. No AWS account is needed.",
        epilog="OLD and NEW are files, folders, git revisions, or REVISION:PATH; an existing path takes precedence. "
        "Exit code: 0; 1 if --fail-on matches; 2 for invalid input.",
    )
    parser.add_argument("old", nargs="?", metavar="OLD", help="the deployed templates (default: HEAD)")
    parser.add_argument("new", nargs="?", metavar="NEW", help=f"the templates to deploy (default: {_BUILD})")
    add_set(parser, "the value of a parameter, or of a pseudo parameter such as AWS::Region, on both sides")
    add_assignments(parser, "--set-old", "the same for OLD only")
    add_assignments(parser, "--set-new", "the same for NEW only")
    for side in ("", "-old", "-new"):
        parser.add_argument(
            f"--values{side}",
            type=Path,
            metavar="FILE",
            help="a file with parameter values, JSON or YAML: names and values, a list of ParameterKey and "
            "ParameterValue, or a template configuration of CodePipeline"
            if not side
            else f"the same for {side[1:].upper()} only",
        )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print JSON")
    shape.add_argument("--markdown", action="store_true", help="print Markdown, for example for a pull request")
    parser.add_argument(
        "--fail-on",
        type=_wanted,
        default=[],
        metavar="WHAT[,WHAT]",
        help=f"exit with 1 for any of these outcomes or {DATA_LOSS}; replaced includes may-be-replaced, unknown",
    )
    return parser.parse_args(arguments)


def _wanted(text: str) -> list[str]:
    known = [*(each.value for each in Outcome), DATA_LOSS]
    found = [each.strip() for each in text.split(",") if each.strip()]
    wrong = [each for each in found if each not in known]
    if wrong or not found:
        raise argparse.ArgumentTypeError(
            f"found {', '.join(wrong) or 'nothing'}; expected one or more of {', '.join(known)}"
        )
    return found


# Values of parameters


def _values(options: argparse.Namespace, side: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (options.values, getattr(options, f"values_{side}")):
        if path is not None:
            found.update(_values_in(path))
    return {**found, **dict(options.set), **dict(getattr(options, f"set_{side}"))}


def _values_in(path: Path) -> dict[str, str]:
    try:
        data = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}. Use a file that exists and is readable.") from error
    if isinstance(data, dict) and isinstance(data.get("Parameters"), dict):
        data = data["Parameters"]
    if isinstance(data, list) and all(isinstance(each, dict) and "ParameterKey" in each for each in data):
        data = {each["ParameterKey"]: each.get("ParameterValue") for each in data}
    values = {str(name): scalar(value) for name, value in data.items()} if isinstance(data, dict) else {}
    wrong = [name for name, value in values.items() if value is None]
    if not values or wrong:
        raise UsageError(
            f"{path}: found {'no text for ' + ', '.join(wrong) if wrong else 'no parameter values'}; expected "
            "names and values, a list of ParameterKey and ParameterValue, or a template configuration of CodePipeline."
        )
    return {name: value for name, value in values.items() if value is not None}


def _check_names(templates: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> None:
    known = {str(name) for template in templates for name in template.get("Parameters", {})}
    unknown = sorted(name for name in values if name not in known and not name.startswith("AWS::"))
    if unknown:
        raise UsageError(
            f"--set: found no parameter {', '.join(unknown)}; expected one of the templates' "
            f"({', '.join(sorted(known)) or 'they have none'}), or a pseudo parameter such as AWS::Region."
        )


# Templates


def _sources(root: Path, old: str | None, new: str | None) -> tuple[Source, Source]:
    named = [each for each in (old, new) if each is not None]
    files = [Path(root, each) for each in named if Path(root, each).is_file()]
    before = _source(root, "HEAD" if old is None else old, files)
    return before, _built(root) if new is None else _source(root, new, files)


def _source(root: Path, name: str, files: Sequence[Path]) -> Source:
    """The templates of a name: a file, a folder, or a revision. `files` are those of the command line."""
    path = Path(root, name)
    if path.is_dir():
        inside = path / _TEMPLATES if (path / _TEMPLATES).is_dir() else path
        found = {each.name: each for each in sorted(inside.iterdir()) if each.suffix in _SUFFIXES and each.is_file()}
        texts = {each: _read(place) for each, place in found.items()}
        templates = {each: text for each, text in texts.items() if "Resources" in text}
        if not templates:
            raise UsageError(
                f"{name}: found no template in this folder; expected {', '.join(_SUFFIXES)}. Use another folder."
            )
        return Source(name, templates, inside)
    if path.exists():
        return Source(name, {path.name: _read(path)}, path.parent)
    revision, colon, inside_it = name.partition(":")
    if colon and inside_it and revisions.is_revision(root, revision):
        content = revisions.blob(root, revision, inside_it)
        if content is None:
            raise UsageError(
                f"{name}: the revision does not have this file. Correct the path, which is relative to {root}."
            )
        return Source(name, {Path(inside_it).name: _decoded(content, name)})
    if not revisions.is_revision(root, name):
        raise UsageError(
            f"{name}: found no such file, folder or git revision; expected one of them. Correct the name; `git log` "
            "lists revisions."
        )
    return Source(name, _committed(root, name, files))


def _committed(root: Path, revision: str, files: Sequence[Path]) -> dict[str, str]:
    """The templates of a revision: the compared file, or else those in templates/."""
    if files:
        relative = os.path.relpath(files[0], root)
        content = revisions.blob(root, revision, relative)
        if content is None:
            raise UsageError(
                f"{revision}: the revision does not have {relative}. Use {revision}:PATH for a file with another path."
            )
        return {files[0].name: _decoded(content, f"{revision}:{relative}")}
    found = revisions.files(root, revision, _TEMPLATES)
    texts = {
        name: _decoded(content, f"{revision}:{_TEMPLATES}/{name}")
        for name, content in sorted(found.items())
        if name.endswith(_SUFFIXES)
    }
    if not texts:
        raise UsageError(
            f"{revision}: the revision has no templates in {_TEMPLATES}/. Use {revision}:PATH for a template."
        )
    return texts


def _built(root: Path) -> Source:
    # Imported here: comparing two files does not need the generator.
    from phoenix_cfn.project import SETTINGS_FILE, Project

    if not (root / SETTINGS_FILE).exists() and not (root / _TEMPLATES).is_dir():
        raise UsageError(
            f"found no {SETTINGS_FILE} in {root}; expected a project of this library if NEW is not set. Set NEW."
        )
    return Source(_BUILD, Project.load(root).texts(), root / _TEMPLATES)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(
            f"cannot read {path}: {error.strerror}. Make the file readable, or use another one."
        ) from error
    except UnicodeDecodeError as error:
        raise _not_text(path) from error


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_text(name) from error


def _not_text(name: object) -> TemplateError:
    return TemplateError(f"{name} is not a CloudFormation template: it is not UTF-8 text. Use a file in YAML or JSON.")


# The comparison


def _previews(old: Source, new: Source, values_old: Mapping[str, str], values_new: Mapping[str, str]) -> list[Preview]:
    pairs = list(_pairs(old, new))
    templates = [[_template(source, name) for source, name in pair] for pair in pairs]
    _check_names([each for pair in templates for each in pair], {**values_old, **values_new})
    sides = [
        (
            pair[1][1] or pair[0][1] or "",
            _side(*pair[0], before, values_old),
            _side(*pair[1], after, values_new),
        )
        for pair, (before, after) in zip(pairs, templates, strict=True)
    ]
    return [replace(each, old=old.label, new=new.label) for each in previews(sides)]


_Named = tuple[Source, "str | None"]


def _pairs(old: Source, new: Source) -> Iterator[tuple[_Named, _Named]]:
    """Pairs of templates to compare: by file name, or the only one of each side."""
    if len(old.texts) == len(new.texts) == 1:
        yield (old, next(iter(old.texts))), (new, next(iter(new.texts)))
        return
    if len(old.texts) == 1 or len(new.texts) == 1:
        single, several = (old, new) if len(old.texts) == 1 else (new, old)
        (name,) = single.texts
        if name not in several.texts:
            raise UsageError(
                f"{single.label}: found no template {name} in {several.label}, which has {', '.join(several.texts)}. "
                "Use two files, or two folders."
            )
        yield (old, name), (new, name)
        return
    for name in sorted({*old.texts, *new.texts}):
        yield (old, name if name in old.texts else None), (new, name if name in new.texts else None)


def _template(source: Source, name: str | None) -> dict[str, Any]:
    return _NOTHING if name is None else template_in(source.texts[name], _label(source, name))


def _label(source: Source, name: str | None) -> str:
    return source.label if source.label.endswith(name or "") and name else f"{source.label}:{name or 'nothing'}"


def _side(source: Source, name: str | None, template: dict[str, Any], values: Mapping[str, str]) -> Side:
    declared = template.get("Parameters", {})
    own = {key: value for key, value in values.items() if key in declared or key.startswith("AWS::")}

    def child(url: str) -> dict[str, Any] | None:
        # As `aws cloudformation package` does.
        if source.folder is None or not url or "://" in url:
            return None
        place = source.folder / url
        return template_in(_read(place), place) if place.is_file() else None

    return Side.of(template, _label(source, name), own, child, source.texts.get(name or "", ""))
