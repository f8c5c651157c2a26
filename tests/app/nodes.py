"""Which Node.js the tests run: the one of the image, from npm, unless PHOENIX_NODE names another."""

from __future__ import annotations

import functools
import os
import platform
import re
import subprocess
from pathlib import Path

from tests.locks import one_at_a_time

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"


def path() -> str:
    """A PATH on which `node` is the one to be tested."""
    return os.pathsep.join([str(Path(os.environ.get("PHOENIX_NODE") or _of_the_image()).parent), os.environ["PATH"]])


@functools.cache
def _of_the_image() -> Path:
    """Node.js of the Dockerfile's major version, as npm carries it for this machine."""
    match = re.search(r"^ARG NODE_IMAGE=\S+/node:(\d+)", (APP / "Dockerfile").read_text(), re.MULTILINE)
    assert match, "the Dockerfile names its Node.js"
    package = f"node-linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}[platform.machine()] }"
    folder = ROOT / ".cache" / f"node-{match[1]}"
    node = folder / "node_modules" / package / "bin/node"
    install = ["npm", "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
    with one_at_a_time(ROOT / ".cache/node.lock"):
        if not node.exists():
            subprocess.run([*install, f"{package}@{match[1]}"], check=True)
    return node


def version() -> str:
    """Of the Node.js to be tested, for example v24.11.0."""
    done = subprocess.run(["node", "--version"], env={"PATH": path()}, check=True, capture_output=True, text=True)
    return done.stdout.strip()
