"""How long the first steps of a new user take: the commands of the documents, in an empty folder.

    python benchmarks/first_steps.py [--up]

Prints Markdown: minutes, and CPU minutes of the commands without containers, which also compare on a busy machine.
With --up, it also deploys on a local AWS and removes the stage (docs/local.md).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "phoenix_cfn @ git+https://github.com/YOU/YOUR-FORK@COMMIT"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def steps(folder: Path, up: bool) -> Iterator[tuple[str, str, Path, str]]:
    """What a step leads to, the page that has its commands, the folder that it begins in, and the commands."""
    clone, own = folder / "clone", folder / "billing"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    own.mkdir()
    yield "both templates", "README.md", clone, blocks("README.md", "sh")[0]
    begin, settings = blocks("docs/your-own-service.md", "sh")[0], blocks("docs/your-own-service.md", "toml")[0]
    assert SOURCE in begin, "the command that installs has changed"
    write = f"cat > phoenix.toml <<'EOF'\n{settings}EOF\n.venv/bin/phoenix-cfn build\n"
    yield (
        "both templates of a service of your own",
        "docs/your-own-service.md",
        own,
        begin.replace(SOURCE, str(clone)) + write,
    )
    if up:
        install = ".venv/bin/pip install -e '.[local]'\n"
        yield "a URL that answers, by `phoenix-cfn up`", "docs/local.md", clone, f"{install}.venv/bin/phoenix-cfn up\n"
        yield "nothing left, by `phoenix-cfn down`", "docs/local.md", clone, ".venv/bin/phoenix-cfn down\n"


def cpu_of_children() -> float:
    """Seconds, of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--up", action="store_true", help="also deploy on a local AWS, which needs a Docker engine")
    options = parser.parse_args()
    print("| result | page with the commands | minutes | CPU minutes |\n|---|---|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        for result, page, folder, commands in steps(Path(name), options.up):
            began, cpu = time.perf_counter(), cpu_of_children()
            done = subprocess.run(["bash", "-e", "-c", commands], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{result}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
            minutes, cpu_minutes = (time.perf_counter() - began) / 60, (cpu_of_children() - cpu) / 60
            print(f"| {result} | {page} | {minutes:.1f} | {cpu_minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
