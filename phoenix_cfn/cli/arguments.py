"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse


def assignment(text: str) -> tuple[str, str]:
    """A parameter's name and its value."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value
