"""library.json: the facts that this package ships. A diff of it shows what a change of the generator, a new resource
type or another cfn-lint changes.

`python -m phoenix_cfn.cli.library` writes it. Each section is JSON that another module reads and lays out.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from phoenix_cfn.errors import PhoenixError

PATH = Path(__file__).with_name("library.json")
# What CloudFormation needs for the types of the library, and what stages may have of them under any settings.
HANDLERS, EARLIER = "handlers", "earlier"


class LibraryError(PhoenixError):
    """A library.json that cannot be read: without it the deploy role would lose what running stages need."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"{PATH}: found {found}; expected what `python -m phoenix_cfn.cli.library` writes. After a merge with "
            "conflicts, take the file of either side, and run that command."
        )


def section(name: str) -> str:
    """The text of a section; empty where there is none. Raises LibraryError."""
    return _sections().get(name, b"").decode()


def record(name: str, text: str) -> bool:
    """Writes a section, and keeps the other; whether the file changed. Raises LibraryError."""
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
