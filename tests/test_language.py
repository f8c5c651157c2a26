"""What users read of the package is in plain technical English: it has none of the words in tests/language.py."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.cli import COMMANDS
from tests.language import odd_words
from tests.rules.corpus import CASES
from tests.rules.house import rules
from tests.stack import walk
from tests.test_combinations import CHOICES, COMBINATIONS, settings_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "phoenix_cfn"
SKELETON = PACKAGE / "cli" / "skeleton"
# A change of these properties replaces the resource: the texts of stacks that exist stay.
REPLACES = {"Database: from the tasks only, onwards to nobody"}
# What a developer of this library reads, not a user: of these folders only the messages are read here.
INTERNAL = ("local/", "changes/")
# Corrections of the local AWS, which print nothing.
UNREAD = ("local/aws/", "local/images/")
# Names in the syntax of AWS and of tools, which are not prose.
SYNTAX = re.compile(r"https?://\S+|[A-Za-z]+::[A-Za-z:]+|\b[a-z0-9]+:[A-Z]\w+")


def prose(text: str) -> str:
    return SYNTAX.sub("", text)


def chosen() -> list[Settings]:
    """Each choice alone, every two together, and every strategy of deployment."""
    alone = [choice for choices in CHOICES.values() for choice in choices]
    strategies = [
        {"deployment": {"strategy": strategy, "smoke_test_path": "/health", "approval": True}}
        for strategy in ("blue-green", "canary", "linear", "codedeploy")
    ]
    return [Settings.of(each) for each in [*alone, *strategies, *map(settings_of, COMBINATIONS)]]


def texts(data: Any) -> set[str]:
    """The strings of a template, and the parts of those that are documents."""
    return {value for _, value in walk(data) if isinstance(value, str) and " " in value}


def test_no_text_of_a_template_has_an_odd_word() -> None:
    found = {
        text
        for settings in chosen()
        for module in (infrastructure, pipeline)
        for text in texts(module.template(settings).to_dict())
    }
    assert len(found) > 150
    assert found >= REPLACES
    assert {text: odd for text in found - REPLACES if (odd := odd_words(prose(text)))} == {}


@pytest.mark.parametrize("rule_id", sorted(rules()))
def test_a_rule_has_no_odd_word(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert odd_words(prose("\n".join([rule.shortdesc, rule.description, type(rule).__doc__ or ""]))) == []


def test_no_title_of_the_fault_corpus_has_an_odd_word() -> None:
    assert [odd for case in CASES for odd in odd_words(case.title)] == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_of_a_command_has_no_odd_word(command: str) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    done = subprocess.run(
        [sys.executable, "-m", "phoenix_cfn", *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "usage: " in done.stdout
    assert odd_words(prose(done.stdout)) == []


@pytest.mark.parametrize("file", sorted(path.name for path in SKELETON.iterdir()))
def test_a_file_of_a_new_project_has_no_odd_word(file: str) -> None:
    assert odd_words(prose((SKELETON / file).read_text(encoding="utf-8"))) == []


def strings(tree: ast.AST, docstrings: bool = True) -> Iterator[tuple[int, str]]:
    """The docstrings and messages of a module, with their lines. A single word is neither."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        read = docstrings or id(node) not in statements
        if read and isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def comments(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("# "):
            yield number, line


def modules() -> list[str]:
    found = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return [each for each in found if not each.startswith(UNREAD)]


@pytest.mark.parametrize("module", modules())
def test_a_module_has_no_odd_word(module: str) -> None:
    """In its docstrings, its messages and its comments."""
    source = (PACKAGE / module).read_text(encoding="utf-8")
    tree = ast.parse(source)
    internal = module.startswith(INTERNAL)
    lines = list(strings(tree, docstrings=False)) if internal else [*strings(tree), *comments(source)]
    assert [(line, odd) for line, text in lines if text not in REPLACES for odd in odd_words(prose(text))] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""Tells of CPU peaks."""', "Tells"),
        ('error = f"nobody is written to: {error}"', "nobody"),
        ("# kept for ever", "for ever"),
        ('message = "see https://example.com/told, iam:AskRole and AWS::Asks::Told"', None),
    ],
)
def test_odd_words_are_found_in_docstrings_messages_and_comments(text: str, found: str | None) -> None:
    odd = [odd for _, line in [*strings(ast.parse(text)), *comments(text)] for odd in odd_words(prose(line))]
    assert [each.split("'")[1] for each in odd] == ([found] if found else [])
