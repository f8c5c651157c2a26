"""Words that no document has, with what to write instead.

The documents are in plain technical English, as in the documentation of AWS and of Python: short sentences, active
voice, present tense, the words of the field.
"""

from __future__ import annotations

import re

ODD = {
    "somebody|someone|anybody|everybody|nobody|no one": "a user, an administrator, another account; the passive voice",
    "whoever|whomever|whosoever": "a user who",
    "tells?|telling|told": "shows, reports, states",
    "hears?|heard": "gets, receives",
    "asks?|asked|asking": "requires, requests, calls",
    "for ever|forever": "without retention, without limit",
    "(?:takes?|taking|took|taken) back": "rolls back",
    "(?:puts?|putting) back": "restores",
    "goes off|go off|went off|rings?|rang": "fires",
    "mails?": "email",
    "mends?|mended|mending": "corrects",
    "anew|hence|thereby|thereof|therein|whence|thence|lest": "again, so, in this way",
    "strangers?|stranger's|strangers'": "other authors",
    "lies|lying": "is",
    "makes? up|made up": "generates",
}
_PATTERNS = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): instead for words, instead in ODD.items()}


def odd_words(text: str) -> list[str]:
    """The odd words of a Markdown text, outside of its code, each with its line and what to write instead."""
    prose = re.sub(r"^ *```.*?^ *```$|`[^`\n]+`", _blank, text, flags=re.DOTALL | re.MULTILINE)
    return [
        f"line {number}: found {match[0]!r}; write: {instead}"
        for number, line in enumerate(prose.splitlines(), 1)
        for pattern, instead in _PATTERNS.items()
        for match in pattern.finditer(line)
    ]


def _blank(code: re.Match[str]) -> str:
    """As many lines without their code."""
    return "\n" * code[0].count("\n")
