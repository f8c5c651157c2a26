"""The documents are in plain technical English: they have none of the words that tests/language.py lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language import odd_words

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    {
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.md", "docs/*.md", "app/README.md", "examples/*/README.md")
        for path in ROOT.glob(pattern)
    }
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_has_no_odd_word(document: str) -> None:
    assert odd_words((ROOT / document).read_text(encoding="utf-8")) == []


def test_odd_words_are_found_outside_of_code() -> None:
    text = "Nobody `tells` it.\n\n```sh\nask for ever\n```\n\nErrors take back a release, forever.\n"
    assert [each.partition(";")[0] for each in odd_words(text)] == [
        "line 1: found 'Nobody'",
        "line 7: found 'forever'",
        "line 7: found 'take back'",
    ]


@pytest.mark.parametrize("text", ["It is retold.", "An email, the taskbar and a string", "It underlies this."])
def test_parts_of_other_words_are_none(text: str) -> None:
    assert odd_words(text) == []
