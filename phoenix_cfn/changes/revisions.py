"""Templates of a git revision: read as they were committed. Nothing of a revision is executed."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from phoenix_cfn.errors import PhoenixError

_SECONDS = 60


class RevisionError(PhoenixError):
    """What is neither a file nor a folder nor a git revision, or a revision without templates."""


def is_revision(root: Path, name: str) -> bool:
    """Whether git knows a commit by this name. Raises RevisionError where there is no repository."""
    if not name or name.startswith("-"):
        return False
    return _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", name=name) is not None


def files(root: Path, revision: str, folder: str) -> dict[str, bytes]:
    """The files of a folder, as they were committed, by name; without those in folders below."""
    listed = _git(root, "ls-tree", "-z", "--full-name", revision, f"{folder}/", name=revision) or b""
    names = []
    for entry in listed.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        if facts.split(b" ")[1:2] == [b"blob"] and not facts.startswith(b"120000"):
            names.append(path.decode("utf-8", "surrogateescape"))
    return {Path(name).name: content for name in names if (content := blob(root, revision, f":/{name}")) is not None}


def blob(root: Path, revision: str, path: str) -> bytes | None:
    """A file as it was committed; None where there is none. `path` is relative to `root`, or to the repository (:/)."""
    place = path[2:] if path.startswith(":/") else f"./{path}"
    return _git(root, "cat-file", "blob", f"{revision}:{place}", name=revision)


def export(root: Path, revision: str, folder: Path) -> list[str]:
    """Writes the files of `root` as they were committed into an empty folder; their paths."""
    content = _git(root, "archive", "--format=tar", revision, name=revision)
    if content is None:
        raise RevisionError(f"{revision}: git cannot read its files in {root}. Name another revision.")
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
            return [each.name for each in archive if each.isfile()]
    except (tarfile.TarError, OSError) as error:
        raise RevisionError(f"{revision}: its files cannot be written ({error}). Name another revision.") from error


def _git(root: Path, *arguments: str, name: str) -> bytes | None:
    """What git prints; None where it fails. Raises RevisionError where it cannot run."""
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise RevisionError(
            f"{name}: found no such file or folder, and no git to look for a revision; expected the path of a "
            "template, or git on the PATH. Correct the path, or install git."
        ) from error
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        raise RevisionError(f"{name}: git gave no answer ({error}). Name a file or a folder instead.") from error
    if b"not a git repository" in result.stderr:
        raise RevisionError(
            f"{name}: found no such file or folder, and no git repository in {root}; expected a path, or a revision of "
            "a repository. Correct the path, or run the command in the repository."
        )
    return result.stdout if result.returncode == 0 else None
