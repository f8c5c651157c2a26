#!/usr/bin/env python3
"""Writes templates/Pipeline.yml and templates/Infrastructure.yml; `python build.py --help` tells how."""

import sys
from pathlib import Path

from phoenix_cfn.cli.build import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
