"""library.json: the facts in this package. Its diff shows the effects of a change of the generator, a new resource type
or another cfn-lint.

`python -m phoenix_cfn.cli.library` writes it. Another module reads and writes each section.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from phoenix_cfn.errors import PhoenixError

PATH = Path(__file__).with_name("library.json")
# The permissions for the types of the library, and the resources that stages may have with any settings.
HANDLERS, EARLIER = "handlers", "earlier"


class LibraryError(PhoenixError):
    """An invalid library.json: without it the deploy role would lack permissions for running stages."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"{PATH}: found {found}; expected a file that `python -m phoenix_cfn.cli.library` has written. After a "
            "merge with conflicts, use the file of either side, and run that command."
        )


def section(name: str) -> str:
    """The text of a section; empty if it does not exist. Raises LibraryError."""
    return _sections().get(name, b"").decode()


def record(name: str, text: str) -> bool:
    """Writes a section, keeps the other, and returns whether the file changed. Raises LibraryError."""
    sections = {**_sections(), name: text.strip().encode()}
    lines = [f'"{each}": '.encode() + sections[each] for each in (HANDLERS, EARLIER) if each in sections]
    content = b"{\n" + b",\n".join(lines) + b"\n}\n"
    if PATH.exists() and PATH.read_bytes() == content:
        return False
    PATH.write_bytes(content)
    return True


def _sections() -> dict[str, bytes]:
    if not PATH.exists():
        return {}
    try:
        found = msgspec.json.decode(PATH.read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError) as error:
        raise LibraryError(str(error)) from error
    return {name: bytes(value) for name, value in found.items()}
