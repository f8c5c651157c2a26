"""Which tool sees which fault: writes docs/fault-corpus.md from the fault corpus in tests/rules.

    python benchmarks/faults.py [--checkov PATH] [--output docs/fault-corpus.md]

A tool sees a fault if it says of the broken template something (an error or a warning, at a place) that it does not say
of the sound one. checkov runs from an environment of its own, since what it needs contradicts what the tests need.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cloudformation_validate import CompositeEngine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from phoenix_cfn.cloudformation.documents import parse  # noqa: E402
from tests.rules import corpus, other_styles  # noqa: E402
from tests.rules.house import (  # noqa: E402
    BUILDSPEC,
    INFRASTRUCTURE,
    PIPELINE,
    broken,
    findings,
    judged,
    repository,
    rules,
    written,
)

Said = set[tuple[str, ...]]


@dataclass(frozen=True)
class Sample:
    """A fault on disk: its templates, and the sound ones that they come from."""

    title: str
    rules: tuple[str, ...]
    templates: tuple[Path, ...]
    sound: tuple[Path, ...]
    ours: frozenset[str]


def samples(folder: Path) -> list[Sample]:
    """The faults of both corpora, written as files."""
    found: list[Sample] = []
    sound = folder / "sound"
    original = repository()
    written(original, sound)
    for number, case in enumerate(corpus.FAULTS):
        files = broken(case)
        place = written(files, folder / f"real-{number}")
        changed = [path for path in (INFRASTRUCTURE, PIPELINE) if files[path] != original[path]]
        changed = changed or [PIPELINE if files[BUILDSPEC] != original[BUILDSPEC] else INFRASTRUCTURE]
        ours = frozenset(rule for rule, _, _ in judged(place))
        found.append(
            _sample(
                case.title, case.rules, [place / path for path in changed], [sound / path for path in changed], ours
            )
        )
    for number, (name, old, new, wanted) in enumerate(other_styles.FAULTS):
        if not wanted:
            continue
        content = (other_styles.GOOD / name).read_text().replace(old, new)
        place = folder / f"other-{number}" / name
        before = sound / name
        place.parent.mkdir()
        place.write_text(content)
        before.write_text((other_styles.GOOD / name).read_text())
        ours = frozenset(rule for rule, _, _ in findings(parse(content), str(place)))
        title = f"{name}: not so: {rules()[wanted.split()[0]].shortdesc}"
        found.append(_sample(title, wanted.split(), [place], [before], ours))
    return found


def _sample(
    title: str, wanted: Iterable[str], templates: list[Path], sound: list[Path], ours: frozenset[str]
) -> Sample:
    return Sample(title, tuple(sorted(wanted)), tuple(templates), tuple(sound), ours)


def cfn_lint(files: list[Path]) -> dict[Path, Said]:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", "/dev/null", "--format", "json", "-t"]
    result = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    said: dict[Path, Said] = {path: set() for path in files}
    for one in json.loads(result.stdout):
        place = ".".join(str(step) for step in one["Location"]["Path"] or ())
        said[Path(one["Filename"])].add((one["Rule"]["Id"], place, one["Message"]))
    return said


def cloudformation_validate(files: list[Path]) -> dict[Path, Said]:
    engine = CompositeEngine()
    said: dict[Path, Said] = {}
    for path in files:
        report = engine.validate_template(str(path))
        loud = [one for one in report.diagnostics if one.severity.name not in {"INFO", "DEBUG"}]
        said[path] = {(one.rule_id, one.message) for one in loud}
    return said


def checkov(files: list[Path], program: str) -> dict[Path, Said]:
    folder = Path(tempfile.mkdtemp())
    names: dict[str, Path] = {}
    for number, path in enumerate(files):
        # checkov goes by the ending; the templates of the real corpus are JSON.
        kind = ".json" if path.read_text().lstrip().startswith("{") else ".yml"
        shutil.copy(path, folder / f"{number}{kind}")
        names[f"/{number}{kind}"] = path
    command = [
        program,
        "--directory",
        str(folder),
        "--framework",
        "cloudformation",
        "--output",
        "json",
        "--quiet",
        "--compact",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    shutil.rmtree(folder)
    said: dict[Path, Said] = {path: set() for path in files}
    for one in json.loads(result.stdout)["results"]["failed_checks"]:
        said[names[one["file_path"]]].add((one["check_id"], one["resource"]))
    return said


def seen(sample: Sample, said: dict[Path, Said]) -> str:
    """The ids of what a tool says of the broken template only."""
    new = {
        one[0]
        for broken_file, sound in zip(sample.templates, sample.sound, strict=True)
        for one in said[broken_file] - said[sound]
    }
    return ", ".join(sorted(new)[:3]) + (" ..." if len(new) > 3 else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkov", default=shutil.which("checkov"), help="the program (default: from PATH)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "fault-corpus.md")
    options = parser.parse_args()
    if not options.checkov:
        parser.error("checkov is not on PATH; give --checkov")
    program_version = subprocess.run(
        [options.checkov, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        found = samples(Path(name).resolve())
        files = sorted({path for sample in found for path in (*sample.templates, *sample.sound)})
        tools = {
            f"cfn-lint {version('cfn-lint')}": cfn_lint(files),
            f"cloudformation-validate {version('cloudformation-validate')}": cloudformation_validate(files),
            f"checkov {program_version}": checkov(files, options.checkov),
        }
        lines = list(_table(found, tools))
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def _table(found: list[Sample], tools: dict[str, dict[Path, Said]]) -> Iterable[str]:
    rows = [(sample, [seen(sample, said) for said in tools.values()]) for sample in found]
    yield "# The fault corpus: who sees what"
    yield ""
    yield "<!-- Written by `python benchmarks/faults.py`: change the corpus in tests/rules, not this file. -->"
    yield ""
    yield (
        "Each row is one fault put into a sound template: a real one, or one of another author's style. A tool sees it "
        "if it says of the broken template something that it does not say of the sound one; what it says need not be "
        "about the fault."
    )
    yield ""
    yield f"| tool | sees, of {len(rows)} |"
    yield "|---|---|"
    for column, tool in enumerate(tools):
        yield f"| {tool} | {sum(bool(said[column]) for _, said in rows)} |"
    yield f"| all three together | {sum(any(said) for _, said in rows)} |"
    yield f"| the project's rules | {sum(set(sample.rules) <= sample.ours for sample, _ in rows)} |"
    yield ""
    yield f"| fault | the project's rules | {' | '.join(tools)} |"
    yield "|---|---|" + "---|" * len(tools)
    for sample, said in rows:
        ours = ", ".join(f"[{rule}](rules.md#{rule.lower()})" for rule in sorted(sample.ours))
        yield f"| {sample.title} | {ours} | {' | '.join(said)} |"


if __name__ == "__main__":
    sys.exit(main())
