"""`python -m phoenix_cfn` is `phoenix-cfn`."""

import sys

from phoenix_cfn.cli import main

sys.exit(main())
