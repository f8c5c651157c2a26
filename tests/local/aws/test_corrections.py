"""Every correction says what it restores and where that is documented, and has a test of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from phoenix_cfn.local.aws.settings import LocalSettings

HERE = Path(__file__).parent
# The corrections' modules read their process's settings when they are used, not when they are imported.
SETTINGS = LocalSettings(1, 2, 3, "127.0.0.1", HERE, HERE, 1.0)


def test_every_correction_is_documented_and_tested() -> None:
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws.corrections import all_corrections

    for each in all_corrections():
        assert each.behaviour
        assert each.source.startswith("https://")
        tests = (HERE / f"test_{each.service}.py").read_text()
        assert re.search(rf"def test_{each.name}\b", tests), f"{each.service}.{each.name} has no test"
