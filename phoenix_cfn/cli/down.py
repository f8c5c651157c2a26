"""`phoenix-cfn down`: removes the local deployment of `phoenix-cfn up`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 if a stack could not be deleted as on AWS. Raises PhoenixError."""
    argparse.ArgumentParser(
        prog=prog,
        description="Deletes both stacks as on AWS, stops the local AWS, and removes containers, volumes and files. "
        "Base images stay in the Docker engine.",
        epilog="Exit code: 0; 1 if a stack could not be deleted (everything is removed nevertheless); 2 for invalid "
        "input.",
    ).parse_args(arguments)
    require_local()
    from phoenix_cfn.local.errors import DeploymentFailed
    from phoenix_cfn.local.progress import Progress
    from phoenix_cfn.local.up import down

    try:
        removed = down(root, Progress())
    except DeploymentFailed as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return FINDINGS
    print("Removed." if removed else "This project has no local deployment.")
    return 0
