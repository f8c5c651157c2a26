#!/usr/bin/env python3
"""Writes templates/Pipeline.yml and templates/Infrastructure.yml: `phoenix-cfn build` for this folder."""

import sys
from pathlib import Path

from phoenix_cfn.cli import outcome


def main() -> int:
    # Imported here, so that a missing requirement and an interrupt end in a message.
    from phoenix_cfn.cli import build

    return build.main(sys.argv[1:], Path(__file__).resolve().parent, "build.py")


if __name__ == "__main__":
    sys.exit(outcome.reported("build.py", main))
