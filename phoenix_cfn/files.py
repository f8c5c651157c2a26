"""Writes files all together or not at all, and only those that change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from phoenix_cfn.errors import OutputError

UNCHANGED, WRITTEN = "unchanged", "written"


def read(path: Path) -> bytes | None:
    """The content of a file; None if it does not exist. Raises OutputError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}. Make the file readable, or remove it.") from error


def write(contents: Mapping[Path, bytes]) -> dict[Path, str]:
    """Writes all files and returns `unchanged` or `written` for each. Raises OutputError.

    All new files are complete, as temporary files beside the old ones, before the first is replaced. A symbolic link
    stays a link: its target is replaced.
    """
    states = {path: UNCHANGED if read(path) == content else WRITTEN for path, content in contents.items()}
    if all(state == UNCHANGED for state in states.values()):
        return states
    # Imported here: a build without changes writes nothing.
    import tempfile

    waiting: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            if states[path] == WRITTEN:
                # `realpath` also follows a link to a file that does not exist yet.
                target = Path(os.path.realpath(path))
                handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
                waiting[Path(name)] = target
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                os.chmod(name, 0o644)
        for new, target in list(waiting.items()):
            os.replace(new, target)
            del waiting[new]
    except OSError as error:
        place = Path(error.filename).parent if error.filename else next(iter(contents)).parent
        raise OutputError(
            f"cannot write to {place}: {error.strerror}. "
            "Create the folder or make it writable, or set another one with --output."
        ) from error
    finally:
        for new in waiting:
            new.unlink(missing_ok=True)
    return states
