"""How much the command costs, against the cfn-lint that it runs and the interpreter's start.

    python benchmarks/build.py [RUNS]

Prints CPU and wall seconds (the medians) and peak memory (the highest) of whole processes, measured in one run, in
turn, on a copy of the checkout. On a machine that does other work as well, only the CPU seconds mean something.
"""

from __future__ import annotations

import itertools
import operator
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """Of a process and its children. `cpu`: seconds, user and system; `wall`: seconds; `memory`: peak MiB."""

    cpu: float
    wall: float
    memory: float


def measured(command: list[str], cwd: Path) -> Cost:
    # Where nothing may be compiled ahead, every process compiles the package anew: that is not what is measured here.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(quiet, stream)
        os.execve(command[0], command, {**inherited, "PYTHONPATH": str(cwd)})
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        checkout = Path(name) / "checkout"
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", ".cache", "node_modules"))
        python, cfn_lint = sys.executable, str(Path(sys.executable).with_name("cfn-lint"))

        def forget() -> None:
            shutil.rmtree(checkout / ".cache", ignore_errors=True)

        edits = itertools.cycle((70, 75))

        def edit() -> None:
            (checkout / "phoenix.toml").write_text(f"[alarms]\ncpu_peak_percent = {next(edits)}\n", encoding="utf-8")

        cases: dict[str, tuple[Callable[[], None], list[str]]] = {
            "python -c pass": (lambda: None, [python, "-c", "pass"]),
            "cfn-lint (bare)": (lambda: None, [cfn_lint]),
            "build.py, first": (forget, [python, "build.py"]),
            "build.py, after one edit": (edit, [python, "build.py"]),
            "build.py, nothing changed": (lambda: None, [python, "build.py"]),
        }
        found: dict[str, list[Cost]] = {case: [] for case in cases}
        for turn in range(runs + 1):
            for case, (prepare, command) in cases.items():
                prepare()
                result = measured(command, checkout)
                if turn:  # the first turn only warms the caches of the disk
                    found[case].append(result)

        def median(case: str, value: Callable[[Cost], float]) -> float:
            return statistics.median(map(value, found[case]))

        bare = "cfn-lint (bare)"
        print(f"Python {sys.version.split()[0]}, {runs} runs of each")
        print("| command | CPU s | of bare cfn-lint | wall s | of bare cfn-lint | peak MiB |")
        print("|---|---|---|---|---|---|")
        for case, results in found.items():
            cells = [f"`{case}`"]
            for value in (operator.attrgetter("cpu"), operator.attrgetter("wall")):
                cells += [f"{median(case, value):.2f}", f"{median(case, value) / median(bare, value):.2f}"]
            print(f"| {' | '.join(cells)} | {max(each.memory for each in results):.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
