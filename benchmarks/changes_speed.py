"""CPU seconds of `phoenix-cfn diff` beside a bare cfn-lint of the same templates, in turns.

Run it as `python benchmarks/changes_speed.py [--runs N]`; it exits with 1 if a preview of the project's two templates
takes more than 0.2 of cfn-lint's CPU time, or one of a template with 500 resources more than 0.3.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from phoenix_cfn.cloudformation.documents import read_template  # noqa: E402

TEMPLATES = [str(ROOT / "templates" / name) for name in ("Pipeline.yml", "Infrastructure.yml")]
RESOURCES = 500


def large(folder: Path) -> tuple[Path, Path]:
    """The infrastructure template several times in one, 500 resources, before and after a change of its network."""
    template = read_template(Path(TEMPLATES[1]))
    resources: dict[str, Any] = {}
    names = "|".join(template["Resources"])
    copy = 0
    while len(resources) < RESOURCES:
        copy += 1
        for name, resource in template["Resources"].items():
            text = re.sub(rf'(?<=["{{])({names})(?=["}}.])(?!":)', rf"\g<1>{copy}", json.dumps(resource))
            resources[f"{name}{copy}"] = json.loads(text)
    kept = dict(list(resources.items())[:RESOURCES])
    before = json.dumps({**template, "Resources": kept, "Outputs": {}}, indent=1)
    found = folder / "before.json", folder / "after.json"
    found[0].write_text(before, encoding="utf-8")
    found[1].write_text(before.replace("10.0.0.0/16", "10.9.0.0/16"), encoding="utf-8")
    return found


def cpu_seconds(*command: str) -> float:
    """User and system time of one process, start-up included."""
    program = str(Path(sys.executable).with_name(command[0]))
    before = os.times()
    result = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    after = os.times()
    if result.stderr:
        raise SystemExit(result.stderr)
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="pairs of runs (default: 5)")
    runs = parser.parse_args().runs
    compileall.compile_dir(ROOT / "phoenix_cfn", quiet=1)
    slow = False
    print("| what | cfn-lint, CPU s | diff, CPU s | ratio | limit |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        before, after = map(str, large(Path(folder)))
        for what, lint, diff, limit in (
            ("the project's two templates, HEAD against the build", TEMPLATES, [], 0.2),
            (f"a template of {RESOURCES} resources", [after], [before, after], 0.3),
        ):
            pairs = [
                (cpu_seconds("cfn-lint", *lint, "--config-file", os.devnull), cpu_seconds("phoenix-cfn", "diff", *diff))
                for _ in range(runs)
            ]
            bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(one / other for other, one in pairs)
            slow = slow or ratio > limit
            print(f"| {what} | {bare:.2f} | {ours:.2f} | {ratio:.3f} | {limit} |")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
