"""Errors for users. Their messages state what was found, what was expected, and what to do."""

from __future__ import annotations

import sys
from dataclasses import dataclass


class PhoenixError(Exception):
    """Base class of all errors that the command line prints without a traceback."""


@dataclass(frozen=True)
class Mistake:
    """One invalid value.

    `setting` is its key, such as `service.cpu`, or None for the whole file. `beside` are the keys that it contradicts.
    """

    setting: str | None
    found: object
    expected: str
    remedy: str = "Correct the value."
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.setting is None:
            return f"phoenix.toml, settings: found {self.found}; expected {self.expected}. {self.remedy}"
        return f"phoenix.toml, setting {self.setting!r}: found {self.found!r}; expected {self.expected}. {self.remedy}"


class SettingsError(PhoenixError):
    """Invalid build-time choices: all mistakes, one line each."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class OutputError(PhoenixError):
    """An output file that cannot be read or written."""


class RenderError(PhoenixError):
    """A template with a value that a CloudFormation template cannot contain."""


def require_docstrings(purpose: str) -> None:
    """Raises PhoenixError if Python has removed the docstrings that serve a purpose, such as "explain the rules"."""
    if sys.flags.optimize > 1:
        raise PhoenixError(
            f"found Python without docstrings (-OO, PYTHONOPTIMIZE={sys.flags.optimize}); expected the docstrings that "
            f"{purpose}. Run Python without that option."
        )
