"""The words that no text of this project has, and where a text has them.

The texts are plain technical English, as the documentation of AWS and of Python. The list has words of a story, of parts that
are persons, and of English that is no longer written.
"""

from __future__ import annotations

import re

# The words, and what to write instead.
ODD = {
    r"somebody|someone|anybody|everybody|nobody|no one": "the user, the administrator, another account; the passive",
    r"whoever|whomever|whosoever": "a user who, everyone who",
    r"tells?|telling|told": "shows, reports, states, describes",
    r"hears?|heard": "gets, receives",
    r"asks?|asked|asking": "requires, requests, calls",
    r"for ever|forever": "without retention, without limit",
    r"(?:takes?|taking|took|taken) back": "rolls back",
    r"puts? back": "restores",
    r"goes off|go off|rings?": "fires",
    r"mails?": "email",
    r"mends?|mended": "corrects, fixes",
    r"anew|hence|thereby|thereof|whence|thence|withal|lest|behold": "again, so, thus; or nothing",
    r"strangers?": "others, another repository",
    r"is written to|are written to": "gets an email",
    r"lies|lie in": "is",
}
_ODD = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): instead for words, instead in ODD.items()}


def odd_words(text: str) -> list[str]:
    """The odd words of a text, each with its line and what to write instead."""
    return [
        f"line {number}: {match[0]!r}; write: {instead}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, instead in _ODD.items()
        for match in pattern.finditer(line)
    ]
