"""How Python runs the tests: read before every other file of theirs, and before the libraries that they import."""

from __future__ import annotations

import gc
import os
import sys

# The tests start hundreds of Python processes. Without bytecode each of them compiles the package.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Templates and what cfn-lint makes of them are many objects, of which hardly any is garbage in a cycle.
gc.set_threshold(50_000, 20, 20)
