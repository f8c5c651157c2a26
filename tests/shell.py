"""Finds the commands in shell text, as documents show it: a reader for tests, which runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Words after which a command begins.
_KEYWORDS = {"do", "done", "then", "else", "elif", "fi", "if", "while", "until", "!", "{", "}", "time"}
_SEPARATORS = ";&|\n(){}"


class ShellError(Exception):
    """Text that a shell would not accept."""


@dataclass(frozen=True)
class Command:
    """One simple command: its words without quotes, assignments and redirections; `$(...)` and `$NAME` as written."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def commands(text: str) -> Iterator[Command]:
    """The simple commands of a shell text in their order, those of substitutions included."""
    reader = _Reader(text)
    for words in reader.commands():
        yield from _command(words)
    for inner in reader.substitutions:
        yield from commands(inner)


def _command(words: list[str]) -> Iterator[Command]:
    while words and (words[0] in _KEYWORDS or _is_assignment(words[0])):
        words = words[1:]
    if words:
        yield Command(tuple(words))


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


class _Reader:
    """Reads a shell text from left to right. `substitutions` has the texts in `$(...)`, once they have been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.substitutions: list[str] = []

    def commands(self) -> Iterator[list[str]]:
        words: list[str] = []
        redirects = False
        while self.at < len(self.text):
            character = self.text[self.at]
            if self.text.startswith("\\\n", self.at):
                self.at += 2
            elif character in "<>":
                # `2>file` and `>file`: neither the descriptor nor the file is an argument.
                while self.at < len(self.text) and self.text[self.at] in "<>&":
                    self.at += 1
                redirects = True
            elif character == "#":
                self.at = (self.text + "\n").index("\n", self.at)
            elif character in _SEPARATORS:
                self.at += 1
                yield words
                words = []
            elif character.isspace():
                self.at += 1
            else:
                word = self._word()
                if not redirects and not (word.isdigit() and self._next() in ("<", ">")):
                    words.append(word)
                redirects = False
        yield words

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _word(self) -> str:
        """One word. Quotes fall out; what they contain stays."""
        word = ""
        while self.at < len(self.text) and not self.text[self.at].isspace():
            character = self.text[self.at]
            if character == "'":
                word += self._until("'")
            elif character == '"':
                word += self._double_quoted()
            elif character == "$":
                word += self._expansion()
            elif character == "\\":
                word += self.text[self.at + 1 : self.at + 2].replace("\n", "")
                self.at += 2
            elif character in "{}" and word:
                word += character
                self.at += 1
            elif character in _SEPARATORS + "<>":
                break
            else:
                word += character
                self.at += 1
        return word

    def _until(self, end: str) -> str:
        """What stands between the character here and `end`."""
        found = self.text.find(end, self.at + 1)
        if found < 0:
            raise ShellError(f"found no {end} for the one in {self.text[self.at :].splitlines()[0]!r}")
        inner, self.at = self.text[self.at + 1 : found], found + 1
        return inner

    def _double_quoted(self) -> str:
        began, inner = self.at, ""
        self.at += 1
        while self._next() != '"':
            if self.at >= len(self.text):
                raise ShellError(f'found no " for the one in {self.text[began:].splitlines()[0]!r}')
            if self._next() == "\\":
                inner += self.text[self.at + 1 : self.at + 2]
                self.at += 2
            elif self._next() == "$":
                inner += self._expansion()
            else:
                inner += self._next()
                self.at += 1
        self.at += 1
        return inner

    def _expansion(self) -> str:
        """`$NAME`, `${NAME}` or `$(...)`, as written."""
        began = self.at
        if self.text.startswith("$(", began):
            depth, self.at = 1, began + 2
            while depth:
                if self.at >= len(self.text):
                    raise ShellError(f"found no ) for the one in {self.text[began:].splitlines()[0]!r}")
                if self._next() == "'":
                    self._until("'")
                    continue
                depth += {"(": 1, ")": -1}.get(self._next(), 0)
                self.at += 1
            self._substitution(self.text[began + 2 : self.at - 1])
        elif self.text.startswith("${", began):
            self._until("}")
        else:
            self.at += 1
        return self.text[began : self.at]

    def _substitution(self, inner: str) -> None:
        if not inner.startswith("("):
            self.substitutions.append(inner)
            return
        # Arithmetic: no command, but there may be substitutions in it.
        reader = _Reader(f'"{inner}"')
        reader._double_quoted()
        self.substitutions += reader.substitutions
