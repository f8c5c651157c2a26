"""`phoenix-cfn down`: removes what `phoenix-cfn up` has made of the project in this folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code: 0; 1 where a stack could not be deleted as on AWS. Raises PhoenixError."""
    argparse.ArgumentParser(
        prog=prog,
        description="Deletes both stacks as on AWS, then stops the local AWS and removes its containers, volumes and "
        "files. The images that it builds on stay in the Docker engine.",
        epilog="Exit code: 0; 1 where a stack could not be deleted, all is removed nevertheless; 2 for what cannot be "
        "used.",
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
    print("Removed." if removed else "Nothing of this project runs.")
    return 0
