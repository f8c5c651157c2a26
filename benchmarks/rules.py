"""What the project's rules cost: CPU seconds of cfn-lint on templates, bare and with the rules, in turns.

Run it as `python benchmarks/rules.py [--runs N] [TEMPLATE ...]`; it exits with 1 if the rules add more than 10 percent.
Without templates it takes those of the project.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ["templates/Pipeline.yml", "templates/Infrastructure.yml"]
LIMIT = 1.10


def cpu_seconds(templates: list[str], *options: str) -> float:
    """User and system time of one cfn-lint process, start-up included."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), *templates, "--config-file", os.devnull, *options]
    before = os.times()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    after = os.times()
    if result.returncode & 1 or result.returncode > 31:
        raise SystemExit(f"cfn-lint failed:\n{result.stdout}{result.stderr}")
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9, help="pairs of runs (default: 9)")
    parser.add_argument("templates", nargs="*", default=TEMPLATES)
    chosen = parser.parse_args()
    runs, templates = chosen.runs, chosen.templates
    # cfn-lint's modules were compiled when it was installed; so are these, also where Python may not write bytecode.
    compileall.compile_dir(ROOT / "phoenix_cfn", quiet=1)
    pairs = [
        (cpu_seconds(templates), cpu_seconds(templates, "--append-rules", "phoenix_cfn/rules", "-c", "kata"))
        for _ in range(runs)
    ]
    bare, ruled = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ruled / bare for bare, ruled in pairs)
    print(
        f"bare {bare:.2f} s, with rules {ruled:.2f} s of CPU; median ratio {ratio:.3f} of {runs} pairs, limit {LIMIT}"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
