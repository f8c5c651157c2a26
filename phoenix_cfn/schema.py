"""The JSON Schema of phoenix.toml, which editors use for completion and validation."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from phoenix_cfn.errors import require_docstrings
from phoenix_cfn.settings import Settings

FILE = "phoenix.schema.json"


def schema() -> str:
    """The content of the schema's file; the first line of phoenix.toml refers to it."""
    require_docstrings(f"{FILE} contains as descriptions")
    (described,), groups = msgspec.json.schema_components([Settings], ref_template="#/$defs/{name}")
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "phoenix.toml",
        **described,
        "$defs": groups,
    }
    for group in groups.values():
        # Python 3.13 strips the indentation of docstrings, earlier versions do not: only the first line is equal.
        group["description"] = inspect.cleandoc(group["description"]).split("\n")[0]
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode() + "\n"
