"""`python -m phoenix_cfn.iam`: the command of phoenix_cfn.cli.deploy_role."""

from __future__ import annotations

import sys

from phoenix_cfn.cli.deploy_role import main

if __name__ == "__main__":
    sys.exit(main())
