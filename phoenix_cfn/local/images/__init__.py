"""The images that the containers run on: pulled where that is possible, else built; kept by the Docker engine.

| image | what it is | where it cannot be pulled |
|---|---|---|
| the Dockerfile's base images, under their own names | themselves | a stand-in, for `node`, `python` and `debian` |
| `phoenix-local/documentdb` | MongoDB; Amazon publishes no image of DocumentDB | SecantusDB |
| `phoenix-local/codebuild` | Debian with Docker, Git and the AWS CLI: AWS's own image has more than ten gigabytes | |
| `phoenix-local/debian` | `debian:bookworm-slim`, below those that are built | made by debootstrap |
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError, BuildError, ImageNotFound, NotFound

from phoenix_cfn.local.errors import LocalError

HERE = Path(__file__).parent
DEBIAN = "phoenix-local/debian:bookworm"
DOCUMENTDB = "phoenix-local/documentdb:1"
CODEBUILD = "phoenix-local/codebuild:1"
_SLIM = "public.ecr.aws/docker/library/debian:bookworm-slim"
# MongoDB 7 still speaks what drivers of DocumentDB 5.0, which follows MongoDB 5.0, do.
_MONGODB = "public.ecr.aws/docker/library/mongo:7"
# Python of Debian bookworm, which the two images with Python packages run.
_PYTHON = "3.11"

Report = Callable[[str], None]


def ensure(client: Any, dockerfile: Path, report: Report = print) -> None:
    """Everything that a deployment needs is in the engine afterwards. Reports what had to be got or made.

    Raises LocalError for what can neither be pulled nor made.
    """
    _beside_one_another(
        lambda: ensure_base(client, dockerfile, report),
        lambda: _ensure_documentdb(client, report),
        lambda: _ensure_codebuild(client, report),
    )


def _beside_one_another(*parts: Callable[[], None]) -> None:
    """Raises the first error of one; the others end before. An interrupted command does not wait for them."""
    errors: list[Exception] = []

    def run(part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(part,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _ensure_documentdb(client: Any, report: Report) -> None:
    if not _has(client, DOCUMENTDB) and not _build_mongodb(client, report):
        report(f"building {DOCUMENTDB} on SecantusDB")
        _build_python(client, DOCUMENTDB, "documentdb", ["SecantusDB==0.7.0b3", "pymongo>=4.10"], report)


def _ensure_codebuild(client: Any, report: Report) -> None:
    if not _has(client, CODEBUILD):
        report(f"building {CODEBUILD}: Debian with Docker and the AWS CLI, in place of aws/codebuild/standard")
        _build_python(client, CODEBUILD, "codebuild", ["awscli>=1.40"], report)


def ensure_base(client: Any, dockerfile: Path, report: Report = print) -> None:
    """What a Dockerfile starts from is in the engine afterwards. Raises LocalError where that is impossible."""
    stand_ins = {"node": _build_node, "python": _build_interpreter, "debian": _tag_debian}
    for image in base_images_of(dockerfile.read_text(encoding="utf-8")):
        if _has(client, image) or _pull(client, image, report):
            continue
        stand_in = stand_ins.get(re.split(r"[:@]", image.rpartition("/")[2])[0])
        if stand_in is None:
            raise LocalError(
                f"{dockerfile}: found the base image {image}, which can neither be pulled nor be replaced by a "
                "stand-in. Load it into the Docker engine (`docker pull`, `docker load`), and run the command again."
            )
        report(f"building a stand-in for {image}, which cannot be pulled, from Debian's packages")
        stand_in(client, image, report)


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


def _pull(client: Any, image: str, report: Report) -> bool:
    """Whether it could be pulled. Raises LocalError where its registry answers that there is no such image."""
    report(f"pulling {image}")
    try:
        client.images.pull(image)
    except NotFound as error:
        raise LocalError(f"{image}: the registry has no such image ({error.explanation}). Correct its name.") from error
    except APIError:
        return False
    return True


_debian_lock = threading.Lock()


def _debian(client: Any, report: Report) -> None:
    """Makes the image that the built ones start from, once for all of them."""
    with _debian_lock:
        if not _has(client, DEBIAN):
            _make_debian(client, report)


def _make_debian(client: Any, report: Report) -> None:
    if _pull(client, _SLIM, report):
        client.images.get(_SLIM).tag(DEBIAN)
        return
    report(f"building {DEBIAN} by debootstrap, since {_SLIM} cannot be pulled")
    debootstrap = shutil.which("debootstrap")
    if debootstrap is None:
        raise LocalError(f"{_SLIM} cannot be pulled, and debootstrap, which makes it, is not installed. Install it.")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        _run([debootstrap, "--variant=minbase", "bookworm", str(root)])
        sources = "\n".join(f"deb http://deb.debian.org/debian bookworm{each} main" for each in ("", "-updates"))
        (root / "etc/apt/sources.list").write_text(sources + "\n")
        # What Debian's own slim image leaves out.
        for folder_of_no_use in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists"):
            shutil.rmtree(root / folder_of_no_use, ignore_errors=True)
        (root / "var/lib/apt/lists/partial").mkdir(parents=True)
        shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
        (root / "var/cache/apt/archives/partial").mkdir(parents=True)
        archive = Path(folder) / "root.tar"
        _run(["tar", "-C", str(root), "-cf", str(archive), "."])
        repository, tag = DEBIAN.rsplit(":", 1)
        client.api.import_image(src=str(archive), repository=repository, tag=tag)


def _build_mongodb(client: Any, report: Report) -> bool:
    """Whether there is one that works here: it needs a registry, and a processor with AVX."""
    if not _pull(client, _MONGODB, report):
        report(f"{_MONGODB} cannot be pulled")
        return False
    report(f"building {DOCUMENTDB} on {_MONGODB}")
    trial = f"{DOCUMENTDB}-trial"
    with _context("mongodb") as context:
        _build(client, context, "mongodb", trial)
    wrong = _tried(client, trial)
    if wrong:
        report(f"MongoDB does not start here: {wrong}")
    else:
        client.images.get(trial).tag(DOCUMENTDB)
    client.images.remove(trial, force=True)
    return not wrong


def _tried(client: Any, image: str, seconds: float = 120) -> str:
    """Why a database image does not work: the end of its log, where its master user does not get in; else empty."""
    environment = {"ENDPOINT": "trial.local", "PORT": "27017", "USERNAME": "trial", "PASSWORD": "trial-password"}
    question = "quit(db.hello().isWritablePrimary ? 0 : 1)"
    shell = ["mongosh", "--quiet", "-u", "trial", "-p", "trial-password", "--eval", question]
    container = client.containers.run(image, detach=True, environment=environment)
    try:
        end = time.time() + seconds
        while time.time() < end:
            container.reload()
            if container.status == "exited":
                break
            # On its own address: on the loopback interface it listens before it is ready.
            if container.exec_run(["sh", "-c", f"{shlex.join(shell)} --host $(hostname -i)"]).exit_code == 0:
                return ""
            time.sleep(0.5)
        return str(container.logs(tail=5).decode(errors="replace")).strip() or "it did not answer"
    finally:
        container.remove(force=True, v=True)


def _tag_debian(client: Any, image: str, report: Report) -> None:
    _debian(client, report)
    client.images.get(DEBIAN).tag(image)


def _build_node(client: Any, image: str, report: Report) -> None:
    """The same binary, npm, and the user `node` with id 1000."""
    major = re.search(r":(\d+)", image)
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
    _debian(client, report)
    with _context() as context:
        packages = ((f"node-linux-{machine}@{major[1] if major else 'latest'}", "node"), ("npm@11", "npm"))
        for package, target in packages:
            archive = _run(["npm", "pack", "--silent", package], cwd=context).split()[-1]
            (context / target).mkdir()
            _run(["tar", "-xzf", archive, "-C", target, "--strip-components=1"], cwd=context)
            (context / archive).unlink()
        _build(client, context, "node", image)


def _build_interpreter(client: Any, image: str, report: Report) -> None:
    """Debian's Python, whatever the version in the tag."""
    report(f"{image}: the stand-in has Python {_PYTHON}")
    _debian(client, report)
    with _context() as context:
        _build(client, context, "python", image)


def _build_python(client: Any, image: str, name: str, packages: list[str], report: Report) -> None:
    """An image of Debian with Python packages that pip fetched outside, where its settings are."""
    _debian(client, report)
    with _context(name) as context:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(context / "packages")]
        _run([*command, "--python-version", _PYTHON, "--only-binary=:all:", "--upgrade", *packages])
        _build(client, context, name, image)


@contextmanager
def _context(name: str = "") -> Iterator[Path]:
    """A folder to build in: the entry point of that name, and the authorities that this machine trusts.

    Where a proxy inspects TLS, what runs within `docker build` must trust them as well.
    """
    with tempfile.TemporaryDirectory() as folder:
        for file in HERE.glob(f"{name}.[ps][yh]"):
            shutil.copy(file, folder)
        authorities = os.environ.get("NODE_EXTRA_CA_CERTS") or "/etc/ssl/certs/ca-certificates.crt"
        shutil.copy(authorities, Path(folder) / "host-ca.crt")
        yield Path(folder)


def _build(client: Any, context: Path, name: str, image: str) -> None:
    shutil.copy(HERE / f"{name}.Dockerfile", context / "Dockerfile")
    try:
        client.images.build(path=str(context), tag=image, rm=True, network_mode="host")
    except BuildError as error:
        log = "".join(each.get("stream", "") for each in error.build_log)
        raise LocalError(f"{image} cannot be built: {error}\n{log[-2000:]}") from error


def _run(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise LocalError(f"found no command {command[0]}, which builds an image. Install it.") from error
    if done.returncode != 0:
        raise LocalError(f"{' '.join(command)}: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}")
    return done.stdout
