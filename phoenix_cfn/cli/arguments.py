"""Arguments of several commands."""

from __future__ import annotations

import argparse


def add_set(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Adds --set NAME=VALUE, which may be repeated: `options.set` is a list of pairs. `meaning` is the help text."""
    add_assignments(parser, "--set", meaning)


def add_assignments(parser: argparse.ArgumentParser, option: str, meaning: str) -> None:
    """Adds an option with the argument NAME=VALUE, which may be repeated."""
    parser.add_argument(option, action="append", default=[], type=_assignment, metavar="NAME=VALUE", help=meaning)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value
