"""The application's own tests, and what its package says of itself."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from tests.app import nodes
from tests.app.nodes import APP


@pytest.mark.usefixtures("each_node")
def test_npm_test() -> None:
    environment = {**os.environ, "PATH": nodes.path()}
    done = subprocess.run(["npm", "test"], cwd=APP, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    counts = dict(re.findall(r"^\S (pass|fail|skipped) (\d+)$", done.stdout, re.MULTILINE))
    assert int(counts["pass"]) > 60
    assert counts["fail"] == counts["skipped"] == "0"


def test_lock_file_names_no_host() -> None:
    """Where packages come from is each machine's own setting; what they are is pinned by their integrity."""
    packages = json.loads((APP / "package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    for name, package in packages.items():
        if name:
            assert "resolved" not in package
            assert package["integrity"].startswith("sha512-")


def test_readme_says_why_each_dependency() -> None:
    readme = (APP / "README.md").read_text()
    for name in json.loads((APP / "package.json").read_text())["dependencies"]:
        assert f"`{name}`" in readme
