"""Values of a template as text with references, and comparisons of such texts."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from msgspec import Struct

DYNAMIC = "{{resolve:"
"""The beginning of a dynamic reference, which is resolved only in a deployment."""


class Ref(NamedTuple):
    """A reference in a text: to a parameter, a resource, an attribute, or the result of a function.

    `attribute` is empty for Ref. An unevaluated function is a Ref with the function's name and, as its attribute, the
    JSON of the arguments, so that equal calls are equal. `literal` is the value, if known: that of the scenario, or a
    parameter's default.
    """

    name: str
    attribute: str = ""
    literal: str | None = None

    def __str__(self) -> str:
        return f"{self.name}.{self.attribute}" if self.attribute else self.name


Part = str | Ref


class Text(Struct, frozen=True):
    """A string of literal parts and references, in order."""

    parts: tuple[Part, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        return tuple(part for part in self.parts if isinstance(part, Ref))

    @property
    def reference(self) -> Ref | None:
        """The reference, if the text consists of exactly one."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Ref) else None

    @property
    def plain(self) -> str:
        """The literal parts, without the references."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def literal(self) -> str | None:
        """The string, if all references are known and none is a dynamic reference."""
        pieces = [part.literal if isinstance(part, Ref) else part for part in self.parts]
        known = [piece for piece in pieces if piece is not None]
        whole = "".join(known)
        return whole if len(known) == len(pieces) and DYNAMIC not in whole else None

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"${{{part}}}" for part in self.parts)


def text(*pieces: Part | Text | None) -> Text:
    """The parts joined to one Text; adjacent strings become one part."""
    joined: list[Part] = []
    for piece in pieces:
        for part in piece.parts if isinstance(piece, Text) else () if piece is None else (piece,):
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part != "":
                joined.append(part)
    return Text(tuple(joined))


def same(left: Text | None, right: Text | None) -> bool | None:
    """Whether two texts are the same string; None if that is unknown."""
    if left is None or right is None:
        return None
    if left == right:
        return True
    if left.literal is not None and right.literal is not None:
        return left.literal == right.literal
    # Their known prefixes and suffixes, with defaults, must be equal if the texts are.
    sides = [
        text(*(part if isinstance(part, str) else part.literal or part for part in side.parts))
        for side in (left, right)
    ]
    if any(DYNAMIC in side.plain for side in sides):
        return None
    for end in (0, -1):
        heads = [side.parts[end] for side in sides if side.parts]
        if len(heads) == 2 and all(isinstance(head, str) for head in heads):
            one, other = (str(head)[:: 1 if end == 0 else -1] for head in heads)
            if not (one.startswith(other) or other.startswith(one)):
                return False
    # The common prefix and suffix are equal for all values of the references; the rest decides.
    rest, others = list(left.parts), list(right.parts)
    for end in (0, -1):
        while rest and others and rest[end] == others[end]:
            del rest[end], others[end]
    return None if any(isinstance(part, Ref) for part in rest + others) else False


def differ(left: Text | None, right: Text | None) -> bool:
    """Whether two texts are known to be different strings."""
    return same(left, right) is False


_MARK = re.compile("\ue000(\\d+)\ue001")


def marked(value: Text) -> str:
    """The text with a marker for each reference, for string functions; `unmarked` restores the references."""
    numbers = iter(range(len(value.parts)))
    return "".join(part if isinstance(part, str) else f"\ue000{next(numbers)}\ue001" for part in value.parts)


def unmarked(piece: str, value: Text) -> Text:
    """A part of the marked text as Text."""
    refs = value.refs
    return text(*(refs[int(part)] if index % 2 else part for index, part in enumerate(_MARK.split(piece))))


def parse_json(value: Text) -> Any:
    """The JSON document in a text, with its strings as Text; None if the text is not JSON.

    A reference may also be outside a string, in place of a number.
    """
    content = marked(value)
    bare = re.compile("(?<=[:,\\[\\s])(\ue000\\d+\ue001)(?=\\s*[,}\\]])")
    for candidate in (content, bare.sub(r'"\1"', content)):
        try:
            return _restored(json.loads(candidate), value)
        except (ValueError, RecursionError):
            continue
    return None


def _restored(node: Any, value: Text) -> Any:
    if isinstance(node, dict):
        return {str(unmarked(key, value)): _restored(item, value) for key, item in node.items()}
    if isinstance(node, list):
        return [_restored(item, value) for item in node]
    return unmarked(node, value) if isinstance(node, str) else node
