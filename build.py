#!/usr/bin/env python3
"""Writes templates/Pipeline.yml and templates/Infrastructure.yml: `phoenix-cfn build` for this folder."""

import sys
from pathlib import Path

try:
    from phoenix_cfn.cli import build, outcome
except ModuleNotFoundError as error:
    sys.exit(
        f"build.py: found no module {error.name!r} in {sys.executable}; expected the project's requirements there. "
        "Install them with `python3 -m venv .venv && .venv/bin/pip install -e .`, then run `.venv/bin/python build.py`."
    )

if __name__ == "__main__":
    root = Path(__file__).resolve().parent
    sys.exit(outcome.reported("build.py", lambda: build.main(sys.argv[1:], root, "build.py")))
