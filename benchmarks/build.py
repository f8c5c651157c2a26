"""How much the command costs, against the cfn-lint that it runs and the interpreter's start.

    python benchmarks/build.py [RUNS]

Prints CPU seconds (user and system, the median) and peak memory (the highest) of whole processes, measured in one
run, in turn, on a copy of the checkout.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def measured(command: list[str], cwd: Path) -> tuple[float, float]:
    """CPU seconds and peak MiB of a process and its children."""
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(quiet, stream)
        os.execve(command[0], command, {**os.environ, "PYTHONPATH": str(cwd)})
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        checkout = Path(name) / "checkout"
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", ".cache", "node_modules"))
        python, cfn_lint = sys.executable, str(Path(sys.executable).with_name("cfn-lint"))

        def forget() -> None:
            shutil.rmtree(checkout / ".cache", ignore_errors=True)

        cases: dict[str, tuple[Callable[[], None], list[str]]] = {
            "python -c pass": (lambda: None, [python, "-c", "pass"]),
            "cfn-lint (bare)": (lambda: None, [cfn_lint]),
            "build.py, first": (forget, [python, "build.py"]),
            "build.py, nothing changed": (lambda: None, [python, "build.py"]),
        }
        found: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
        for turn in range(runs + 1):
            for case, (prepare, command) in cases.items():
                prepare()
                result = measured(command, checkout)
                if turn:  # the first turn only warms the caches of the disk
                    found[case].append(result)

        lint = statistics.median(cpu for cpu, _ in found["cfn-lint (bare)"])
        print(f"Python {sys.version.split()[0]}, {runs} runs of each")
        print("| command | CPU s | of bare cfn-lint | peak MiB |")
        print("|---|---|---|---|")
        for case, results in found.items():
            cpu = statistics.median(cpu for cpu, _ in results)
            print(f"| `{case}` | {cpu:.2f} | {cpu / lint:.2f} | {max(memory for _, memory in results):.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
