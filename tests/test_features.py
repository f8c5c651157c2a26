"""docs/features.md: each of our cells names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path


def rows(root: Path) -> list[list[str]]:
    text = (root / "docs/features.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_every_cell_of_ours_names_a_test_that_exists(root: Path) -> None:
    for feature, here, *others in rows(root):
        assert len(others) == 3, feature
        if here == "no":
            continue
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", here)
        assert named, feature
        for file, test in named:
            text = (root / file).read_text(encoding="utf-8")
            assert re.search(rf"^def {test or 'test_'}", text, re.M), (feature, file, test)
