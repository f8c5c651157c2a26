"""The command `phoenix-cfn`: one file for each subcommand."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from phoenix_cfn.cli.outcome import reported

# Each is the module of the same name here, with `main(arguments, root, prog)`.
COMMANDS = {
    "init": "start a project in this folder: settings, lint configuration, buildspec, workflow, README",
    "build": "write templates/Pipeline.yml and templates/Infrastructure.yml",
    "lint": "check any CloudFormation template with cfn-lint and the rules of phoenix_cfn",
    "diff": "print what a change of the templates does to a running stack",
    "iam": "print the policy with which CloudFormation can deploy a template",
    "costs": "print what this project costs in a month",
    "up": "deploy this project on a local AWS, with real containers, and print its URL",
    "status": "print what runs of it: stacks, tasks, alarms, graphs, URL",
    "logs": "print the application's log",
    "down": "remove it",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 1 for findings or drift; 2 for what cannot be used; 130 and 141 after SIGINT and SIGPIPE."""
    return reported("phoenix-cfn", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="phoenix-cfn",
        description="Write, check and understand CloudFormation templates.",
        epilog="\n".join(["commands:", *(f"  {name:<8}{purpose}" for name, purpose in COMMANDS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="see `phoenix-cfn COMMAND --help`")
    options = parser.parse_args(arguments)
    prog = f"phoenix-cfn {options.command}"

    def run() -> int:
        # Imported here, so that a missing requirement and an interrupt end in a message.
        code: int = import_module(f"phoenix_cfn.cli.{options.command}").main(options.arguments, Path.cwd(), prog)
        return code

    return reported(prog, run)
