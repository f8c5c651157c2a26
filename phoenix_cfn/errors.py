"""The errors that a person is meant to read: what was found, what was expected, what to do."""

from __future__ import annotations


class PhoenixError(Exception):
    """Base of all errors whose text is meant for the person at the command line."""


class SettingsError(PhoenixError):
    """A build-time choice that cannot be followed."""

    def __init__(self, setting: str | None, found: object, expected: str, remedy: str) -> None:
        subject = f"setting {setting!r}" if setting else "settings"
        shown = found if setting is None else repr(found)
        super().__init__(f"phoenix.toml, {subject}: found {shown}; expected {expected}. {remedy}")


class OutputError(PhoenixError):
    """A template that cannot be written where it was asked for."""


class RenderError(PhoenixError):
    """A template with a value that CloudFormation's YAML does not have."""
