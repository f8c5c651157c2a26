"""`phoenix-cfn status`: prints the state and the URL of the local deployment."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 without a local deployment. Raises PhoenixError."""
    argparse.ArgumentParser(
        prog=prog,
        description="Prints the state of the local deployment: stacks, pipeline, tasks, alarms, graphs, and the URL.",
        epilog="Exit code: 0; 1 without a local deployment; 2 for invalid input.",
    ).parse_args(arguments)
    require_local()
    from phoenix_cfn.local.status import status
    from phoenix_cfn.local.up import find, in_words

    stage = find(root)
    if stage is None:
        print("This project has no local deployment. `phoenix-cfn up` deploys it.")
        return FINDINGS
    with in_words():
        for line in status(stage):
            print(line)
    return 0
