"""`phoenix-cfn lint`: runs cfn-lint with the rules of phoenix_cfn on any template."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn import explanation, gate
from phoenix_cfn.cli.outcome import FINDINGS
from phoenix_cfn.errors import PhoenixError


class TemplateError(PhoenixError):
    """A template that is not readable."""


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 for findings. Raises PhoenixError."""
    options = _parse(arguments, prog)
    if options.explain is not None:
        print(explanation.text(options.explain))
        return 0
    for template in options.templates:
        _require_readable(template)
    ignored = ["--ignore-checks", *options.ignore] if options.ignore else []
    found = gate.findings_of(options.templates, ignored, options.kata)
    for finding in found:
        print(finding.text)
        if remedy := explanation.fix(finding.rule):
            print(f"  fix: {remedy}")
        if page := explanation.place(finding.rule, root):
            print(f"  explained: {page}")
        print()
    return FINDINGS if found else 0


def _require_readable(template: Path) -> None:
    found = "no such file"
    try:
        if template.is_file():
            with template.open("rb") as file:
                file.read(1)
            return
        if template.exists():
            found = "a folder" if template.is_dir() else "a device or a pipe"
    except OSError as error:
        found = error.strerror or str(error)
    raise TemplateError(f"{template}: found {found}; expected a CloudFormation template. Correct the path.")


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Checks CloudFormation templates with cfn-lint and the rules of phoenix_cfn. It reads no "
        "configuration file: the same template has the same findings everywhere.",
        epilog="Exit code: 0; 1 for findings; 2 for invalid input.",
    )
    parser.add_argument("templates", nargs="*", type=Path, metavar="TEMPLATE", help="a template, YAML or JSON")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="RULE",
        help="a rule, or a prefix of rules, to ignore, such as W3005 or E94",
    )
    parser.add_argument(
        "--kata",
        action="store_true",
        help="include the rules of the kata's policy, such as seven days of logs and names that contain the stage",
    )
    parser.add_argument("--explain", metavar="RULE", help="explain a rule, such as E9401, and check nothing")
    options = parser.parse_args(arguments)
    if not options.templates and options.explain is None:
        parser.error("the following arguments are required: TEMPLATE")
    return options
