"""`phoenix-cfn logs`: prints the application's log of the local deployment."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 without a local deployment. Raises PhoenixError."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints the log of the application that `phoenix-cfn up` has deployed: time, task, and line.",
        epilog="Exit code: 0; 1 without a local deployment; 2 for invalid input.",
    )
    parser.add_argument("--follow", action="store_true", help="print new lines until Ctrl-C")
    options = parser.parse_args(arguments)
    require_local()
    from phoenix_cfn.local.stage import Line
    from phoenix_cfn.local.up import find, in_words

    with in_words():
        stage = find(root)
        if stage is not None and not stage.is_deployed:
            stage = None
    if stage is None:
        print("This project has no local deployment. `phoenix-cfn up` deploys it.")
        return FINDINGS
    printed: set[Line] = set()
    while True:
        with in_words():
            # The last millisecond may have more lines now: it is read again, without the printed lines.
            last = max((line.time for line in printed), default=0.0)
            new = [line for line in stage.log(last) if line not in printed]
        for line in new:
            print(f"{datetime.fromtimestamp(line.time):%H:%M:%S} {line.task[:8]} {line.text}", flush=True)
        printed = {line for line in printed if line.time == last} | set(new)
        if not options.follow:
            return 0
        time.sleep(1)
