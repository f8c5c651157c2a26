"""The gate: cfn-lint, unmodified and in this process, with the project's configuration and rules only.

It reports the findings of `cfn-lint` in the project's folder, before the templates are written. Nothing outside the
folder changes the result: no configuration in the user's home directory, no environment variable.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from phoenix_cfn.cfnlintrc import FILE, ConfigurationError
from phoenix_cfn.processes import side_by_side

# The environment variables that cfn-lint reads: the regions to check, and the folder of downloaded schemas.
_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION", "XDG_CACHE_HOME", "LOCALAPPDATA")


@dataclass(frozen=True)
class Finding:
    """`file` is the template's path in the project; `text` is cfn-lint's output; `path` is the path in the template,
    such as ("Resources", "Vpc", "Properties"); `rule` is the rule's id."""

    file: str
    path: tuple[str, ...]
    rule: str
    text: str


def findings(root: Path, files: Mapping[str, bytes]) -> list[Finding]:
    """The findings of cfn-lint in the templates among `files`, in its order.

    Raises ConfigurationError for a .cfnlintrc that is missing, that cfn-lint refuses, or that excludes a template.
    """
    if FILE not in files and not (root / FILE).is_file():
        raise ConfigurationError("no such file", "cfn-lint's configuration", "Restore it, or run `phoenix-cfn init`.")
    with _project_with(root, files), _alone():
        # The rules of the kata apply to the project's templates, also if an older .cfnlintrc does not enable them.
        found, linted = _lint([], [], kata=True)
    for file in files:
        if file.endswith((".yml", ".yaml")) and file not in linted:
            raise ConfigurationError(
                f"patterns that exclude {file}", "`templates` that match every template", "Correct `templates`."
            )
    return found


def findings_of(templates: list[Path], options: list[str], kata: bool = False) -> list[Finding]:
    """The findings of cfn-lint and the project's rules in any templates, without configuration files.

    `kata`: whether to include the rules of the kata's policy.
    """
    with tempfile.TemporaryDirectory() as name, _alone():
        configuration = Path(name, "cfnlintrc.yml")
        configuration.write_text("append_rules: [phoenix_cfn.rules]\nregions: [us-east-1]\n", encoding="ascii")
        return _lint(["--config-file", str(configuration), *options], [str(each) for each in templates], kata)[0]


def _lint(arguments: list[str], templates: list[str], kata: bool) -> tuple[list[Finding], set[str]]:
    """The findings, and the templates that were read: the given ones, or those of the configuration."""
    from cfnlint.config import ConfigFileError, ConfigMixIn
    from cfnlint.exceptions import UnexpectedRuleException
    from cfnlint.runner import Runner
    from cfnlint.runner.cli import get_formatter

    try:
        config = ConfigMixIn([*arguments, *_named(templates)])
        if config.deployment_files:
            raise ConfigurationError(
                "deployment_files", "no such key, since cfn-lint then checks no other template", "Remove the key."
            )
        linted = _templates(config)
        if not linted:
            return [], linted
        with _last_words() as words:
            runner = Runner(config)
            for rule in runner.rules.values() if kata else ():
                if getattr(rule, "kata", False):
                    rule.kata = False
            formatter = get_formatter(config)

            def judged(names: list[str]) -> list[tuple[tuple[str, int, str], Finding]]:
                runner.config = ConfigMixIn([*arguments, *_named(names)])
                return [
                    (
                        (match.filename, match.linenumber, match.rule.id),
                        _finding(match, formatter.print_matches([match], runner.rules, config=config)),
                    )
                    for match in runner.run()
                ]

            names = sorted(linted)
            if len(names) == 1:
                found = judged(names)
            else:
                one, other = side_by_side(lambda: judged(names[::2]), lambda: judged(names[1::2]))
                found = one + other
    except (ConfigFileError, UnexpectedRuleException, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(
            " ".join(str(error).split()), "a configuration that cfn-lint accepts", "Correct that part of the file."
        ) from error
    except SystemExit as error:  # for a schema that is not readable
        raise ConfigurationError("; ".join(words), "files that cfn-lint can read", "Correct the path.") from error
    # In cfn-lint's own order.
    return [finding for _, finding in sorted(found, key=lambda each: each[0])], linted


def _named(templates: list[str]) -> list[str]:
    return ["--template", *(glob.escape(each) for each in templates)] if templates else []


@contextlib.contextmanager
def _last_words() -> Iterator[list[str]]:
    """The errors that cfn-lint logs before it exits."""
    words: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("cfnlint")
    logger.addHandler(handler)
    try:
        yield words
    finally:
        logger.removeHandler(handler)


def _templates(config: Any) -> set[str]:
    try:
        return {PurePosixPath(str(each)).as_posix() for each in config.templates or ()}
    except ValueError:  # a pattern without a match, for which the runner would exit
        return set()


def _finding(match: Any, text: str) -> Finding:
    path = tuple(str(step) for step in getattr(match, "path", None) or ())
    return Finding(file=str(match.filename), path=path, rule=str(match.rule.id), text=text.strip())


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """The environment without the user's home directory and the variables that cfn-lint reads."""
    with tempfile.TemporaryDirectory() as nobody:
        # The variables of Path.home(), on POSIX and on Windows.
        changed = {**dict.fromkeys(_VARIABLES), "HOME": nobody, "USERPROFILE": nobody}
        before = {name: os.environ.get(name) for name in changed}
        _set_variables(changed)
        try:
            yield
        finally:
            _set_variables(before)


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def _project_with(root: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Works in a copy of the root (of symbolic links) with these files in place of those on disk.

    cfn-lint then reads the project's configuration, and rules that compare the templates with each other and with the
    application read the new files.
    """
    before = Path.cwd()
    written = {PurePosixPath(each).parts[0] for each in files}
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for entry in root.iterdir():
            if entry.name not in written:
                (copy / entry.name).symlink_to(entry.resolve())
        for file, content in files.items():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            (copy / file).write_bytes(content)
        os.chdir(copy)
        try:
            yield
        finally:
            os.chdir(before)
