"""`python -m phoenix_cfn.iam` is `phoenix-cfn iam`."""

from __future__ import annotations

import sys
from pathlib import Path

from phoenix_cfn.cli import iam
from phoenix_cfn.cli.outcome import reported

PROG = "python -m phoenix_cfn.iam"

if __name__ == "__main__":
    sys.exit(reported(PROG, lambda: iam.main(sys.argv[1:], Path.cwd(), PROG)))
