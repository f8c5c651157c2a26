"""The errors that a person is meant to read: what was found, what was expected, what to do."""

from __future__ import annotations

import sys
from dataclasses import dataclass


class PhoenixError(Exception):
    """Base of all errors whose text is meant for the person at the command line."""


@dataclass(frozen=True)
class Mistake:
    """One value that cannot be used.

    `setting` is its key as it is written, such as `service.cpu`; None stands for the whole file. `beside` are the keys
    that it contradicts.
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
    """Build-time choices that cannot be followed: every mistake, one line each."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class OutputError(PhoenixError):
    """A template that cannot be written where it was asked for."""


class RenderError(PhoenixError):
    """A template with a value that CloudFormation's YAML does not have."""


def require_docstrings(purpose: str) -> None:
    """Raises PhoenixError where Python has dropped the docstrings that serve a purpose, such as "explain the rules"."""
    if sys.flags.optimize > 1:
        raise PhoenixError(
            f"found Python without docstrings (-OO, PYTHONOPTIMIZE={sys.flags.optimize}); expected those that "
            f"{purpose}. Run it without that option."
        )
