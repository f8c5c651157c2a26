"""The command `phoenix-cfn`: one file for each subcommand."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from phoenix_cfn.cli.outcome import reported

# Each is the module of the same name here, with `main(arguments, root, prog)`.
COMMANDS = {
    "init": "create a project in this folder: settings, lint configuration, buildspec, workflow, README",
    "build": "write templates/Pipeline.yml and templates/Infrastructure.yml",
    "lint": "check any CloudFormation template with cfn-lint and the rules of phoenix_cfn",
    "diff": "print what an update of the templates does to a running stack",
    "rehearse": "try a release on a local AWS: requests, data, resources, and whether the preview is right",
    "iam": "print the IAM policy that CloudFormation needs to deploy a template",
    "costs": "print the monthly costs of this project",
    "up": "deploy this project on a local AWS, with real containers, and print its URL",
    "status": "print the state of this local deployment: stacks, tasks, alarms, graphs, URL",
    "logs": "print the application's log of this local deployment",
    "down": "remove this local deployment",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0; 1 for findings or drift; 2 for invalid input; 130 after SIGINT; 141 after SIGPIPE."""
    return reported("phoenix-cfn", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="phoenix-cfn",
        description="Writes and checks CloudFormation templates, and predicts what they do.",
        epilog="\n".join(["commands:", *(f"  {name:<10}{purpose}" for name, purpose in COMMANDS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="see `phoenix-cfn COMMAND --help`")
    options = parser.parse_args(arguments)
    prog = f"phoenix-cfn {options.command}"

    def run() -> int:
        # Imported here, so that a missing requirement or an interrupt prints a message.
        code: int = import_module(f"phoenix_cfn.cli.{options.command}").main(options.arguments, Path.cwd(), prog)
        return code

    return reported(prog, run)
