"""`phoenix-cfn lint`: cfn-lint and the rules of phoenix_cfn on any template."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn import gate
from phoenix_cfn.cli.outcome import FINDINGS
from phoenix_cfn.errors import PhoenixError


class TemplateError(PhoenixError):
    """A template that cannot be read."""


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code: 0; 1 for findings. Raises PhoenixError."""
    options = _parse(arguments, prog)
    for template in options.templates:
        if not template.is_file():
            raise TemplateError(
                f"{template}: found no such file; expected a CloudFormation template. Correct the path."
            )
    ignored = ["--ignore-checks", *options.ignore] if options.ignore else []
    found = gate.findings_of(options.templates, ignored)
    for finding in found:
        print(f"{finding.text}\n")
    return FINDINGS if found else 0


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Checks CloudFormation templates with cfn-lint and the rules of phoenix_cfn. No configuration "
        "file is read: the same template gets the same verdict everywhere.",
        epilog="Exit code: 0; 1 for findings; 2 for what cannot be used.",
    )
    parser.add_argument("templates", nargs="+", type=Path, metavar="TEMPLATE", help="a template, YAML or JSON")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="RULE", help="a check to leave out, such as W3005 or E94"
    )
    return parser.parse_args(arguments)
