"""`phoenix-cfn logs`: the log of the application that `phoenix-cfn up` has deployed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code: 0; 1 where nothing runs. Raises PhoenixError."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints the application's log: time, task, and the line.",
        epilog="Exit code: 0; 1 where nothing runs; 2 for what cannot be used.",
    )
    parser.add_argument("--follow", action="store_true", help="go on with new lines until Ctrl-C")
    options = parser.parse_args(arguments)
    require_local()
    from phoenix_cfn.local.up import find

    stage = find(root)
    if stage is None or not stage.status(stage.infrastructure_stack):
        print("Nothing of this project runs. `phoenix-cfn up` deploys it.")
        return FINDINGS
    printed: set[tuple[float, str, str]] = set()
    since = 0.0
    while True:
        for line in stage.log(since):
            when, task, text = line
            if line not in printed:
                print(f"{datetime.fromtimestamp(when):%H:%M:%S} {task[:8]} {text}", flush=True)
            # The same millisecond may have further lines: it is read again, and what was printed is left out.
            printed = {each for each in printed if each[0] >= when} | {line}
            since = when
        if not options.follow:
            return 0
        time.sleep(1)
