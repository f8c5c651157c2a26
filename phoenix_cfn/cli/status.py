"""`phoenix-cfn status`: what runs of the project in this folder on the local AWS, and its URL."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code: 0; 1 where nothing runs. Raises PhoenixError."""
    argparse.ArgumentParser(
        prog=prog,
        description="Prints what `phoenix-cfn up` has deployed: stacks, pipeline, tasks, alarms, graphs, and the URL.",
        epilog="Exit code: 0; 1 where nothing runs; 2 for what cannot be used.",
    ).parse_args(arguments)
    require_local()
    from phoenix_cfn.local.status import status
    from phoenix_cfn.local.up import find, in_words

    stage = find(root)
    if stage is None:
        print("Nothing of this project runs. `phoenix-cfn up` deploys it.")
        return FINDINGS
    with in_words():
        for line in status(stage):
            print(line)
    return 0
