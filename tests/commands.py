"""The commands that documents show, checked by each tool's own parser. Nothing is run but `--help`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Collection, Iterator, Sequence
from configparser import ConfigParser
from contextlib import redirect_stderr
from functools import cache
from importlib import import_module
from io import StringIO
from pathlib import Path, PurePath
from unittest.mock import patch

from cfnlint.config import CliArgs

from phoenix_cfn import cli
from phoenix_cfn.cli import build
from tests import aws_cli
from tests.shell import Command, ShellError, commands

ROOT = Path(__file__).resolve().parents[1]

# Programs of the shell and of every system, without options that differ between them, and node's own.
PLAIN = {"[", ".", "cat", "cd", "cp", "curl", "date", "echo", "export", "for", "git", "grep", "mkdir", "node", "npm"}
PLAIN |= {"printf", "pre-commit", "read", "rm", "sed", "seq", "sleep", "sort", "uniq", "wait"}
# Programs that no machine of a test has. Their options are in the reference of MongoDB's database tools:
# https://www.mongodb.com/docs/database-tools/
LISTED = {
    "mongodump": {"--uri", "--ssl", "--sslCAFile", "--db", "--gzip", "--archive"},
    "mongorestore": {"--uri", "--ssl", "--sslCAFile", "--nsFrom", "--nsTo", "--gzip", "--archive"},
}

_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


class Refused(Exception):
    """A command that its program would not accept."""


def shown(text: str) -> Iterator[Command]:
    """The commands in a document: of its blocks in sh or without a language, indented lines, and code within a line."""
    for block in blocks(text):
        yield from commands(block)
    prose = _BLOCK.sub("", text)
    for line in re.findall(r"^    (.*)$", prose, re.MULTILINE) + re.findall(r"`([^`\n]+)`", prose):
        yield from _of_a_tool(line)


def blocks(text: str) -> list[str]:
    """The blocks of shell text in a document."""
    return [block for language, block in _BLOCK.findall(text) if language in ("", "sh")]


def _of_a_tool(code: str) -> Iterator[Command]:
    """Code within a sentence is a command where it begins with a tool and has arguments; it may also be a name."""
    try:
        found = list(commands(code))
    except ShellError:
        return
    for each in found[:1]:
        if _program(each) in TOOLS and each.words[1:] and not code.startswith(each.words[0] + " ("):
            yield from found


def check(command: Command, functions: Collection[str] = ()) -> None:
    """Raises Refused unless the program is known, or a function of the page, and accepts the arguments."""
    program = _program(command)
    if program in PLAIN or program in functions:
        return
    if program not in TOOLS:
        raise Refused(f"{command}: found the program {program!r}; expected one whose parser tests/commands.py knows")
    try:
        TOOLS[program](command.words[1:])
    except (Refused, aws_cli.Refused) as error:
        raise Refused(f"{command}: {error}") from None


def functions(text: str) -> set[str]:
    """The names of the shell functions that a document defines."""
    return set(re.findall(r"^ *(\w+)\(\) \{", text, re.MULTILINE))


def _program(command: Command) -> str:
    return PurePath(command.words[0]).name


class _Parsed(BaseException):
    """Ends a program once its parser has accepted the arguments."""


def _until_parsed(prog: str, run: Callable[[], object]) -> None:
    """Runs a program until argparse has accepted the arguments of `prog`."""
    accept: Callable[..., Namespace] = ArgumentParser.parse_args

    def parse(parser: ArgumentParser, *arguments: Sequence[str] | None) -> Namespace:
        options = accept(parser, *arguments)
        if parser.prog == prog:
            raise _Parsed
        return options

    errors = StringIO()
    try:
        with patch.object(ArgumentParser, "parse_args", parse), redirect_stderr(errors):
            code = run()
    except _Parsed:
        return
    except SystemExit as exit:
        code = exit.code
    if code:
        raise Refused(errors.getvalue().strip().splitlines()[-1])


def _phoenix_cfn(arguments: Sequence[str]) -> None:
    prog = f"phoenix-cfn {arguments[0]}" if arguments else "phoenix-cfn"
    _until_parsed(prog, lambda: cli.main(list(arguments)))


def _cfn_lint(arguments: Sequence[str]) -> None:
    errors = StringIO()
    try:
        with redirect_stderr(errors):
            CliArgs(list(arguments))
    except SystemExit:
        raise Refused(errors.getvalue().strip().splitlines()[-1]) from None


def _python(arguments: Sequence[str]) -> None:
    """A module or a script of this project, of Python's own, or pip."""
    if arguments[0] == "-m":
        _module(arguments[1], arguments[2:])
    elif arguments[0] == "build.py":
        _until_parsed("build.py", lambda: build.main(arguments[1:], ROOT, "build.py"))
    elif arguments[0] != "-c":
        script = _existing(arguments[0]).read_text(encoding="utf-8")
        for option in _options(arguments):
            if f'"{option}"' not in script:
                raise Refused(f"found the option {option}; {arguments[0]} has none of that name")


def _module(name: str, arguments: Sequence[str]) -> None:
    if importlib.util.find_spec(name) is None:
        raise Refused(f"found no module {name!r}")
    if name == "pip":
        _pip(arguments)
    elif name == "phoenix_cfn":
        _phoenix_cfn(arguments)
    elif name == "phoenix_cfn.iam":
        command = import_module("phoenix_cfn.cli.iam")
        _until_parsed(name, lambda: command.main(arguments, ROOT, name))


def _pip(arguments: Sequence[str]) -> None:
    _helped((sys.executable, "-m", "pip", arguments[0]), _options(arguments))
    configuration = ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    for extra in re.findall(r"(?:^\.|\bphoenix_cfn)\[(\w+)\]", "\n".join(arguments), re.MULTILINE):
        if extra not in configuration["options.extras_require"]:
            raise Refused(f"found the extra {extra!r}, which setup.cfg does not have")


def _pytest(arguments: Sequence[str]) -> None:
    _helped((sys.executable, "-m", "pytest"), _options(arguments))
    for argument in arguments:
        if argument.startswith("tests"):
            _existing(argument.partition("::")[0])


def _docker(arguments: Sequence[str]) -> None:
    if shutil.which("docker"):
        subcommand = arguments[:2] if arguments[0] in ("image", "container", "volume", "network") else arguments[:1]
        if not re.search(rf"^Usage:.* {subcommand[-1]}\b", _help(("docker", *subcommand)), re.MULTILINE):
            raise Refused(f"docker has no subcommand {' '.join(subcommand)!r}")
        _helped(("docker", *subcommand), _options(arguments))


def _bash(arguments: Sequence[str]) -> None:
    _existing(arguments[0])


def _listed(program: str) -> Callable[[Sequence[str]], None]:
    def check(arguments: Sequence[str]) -> None:
        for option in _options(arguments):
            if option not in LISTED[program]:
                raise Refused(f"found the option {option}; expected one of {', '.join(sorted(LISTED[program]))}")

    return check


def _options(arguments: Sequence[str]) -> list[str]:
    return [each.partition("=")[0] for each in arguments if re.match(r"--?[A-Za-z]", each)]


def _existing(path: str) -> Path:
    if not (ROOT / path).exists():
        raise Refused(f"found no file {path!r}")
    return ROOT / path


def _helped(program: tuple[str, ...], options: Sequence[str]) -> None:
    for option in options:
        if not re.search(rf"(?<![\w-]){option}(?![\w-])", _help(program)):
            raise Refused(f"found the option {option}; `{' '.join(program[-2:])} --help` has none of that name")


@cache
def _help(program: tuple[str, ...]) -> str:
    # Not in this folder, whose configuration would be read first.
    done = subprocess.run([*program, "--help"], cwd="/", capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"`{' '.join(program)} --help` fails: {(done.stderr or done.stdout).strip()}")
    return done.stdout


TOOLS: dict[str, Callable[[Sequence[str]], None]] = {
    "aws": aws_cli.check,
    "bash": _bash,
    "build.py": lambda arguments: _python(["build.py", *arguments]),
    "cfn-lint": _cfn_lint,
    "docker": _docker,
    "phoenix-cfn": _phoenix_cfn,
    "pip": _pip,
    "pytest": _pytest,
    "python": _python,
    "python3": _python,
    **{program: _listed(program) for program in LISTED},
}
