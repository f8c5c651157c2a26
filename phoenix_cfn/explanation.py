"""The explanation of a rule: its page, or the command that prints it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from phoenix_cfn import origin, rules
from phoenix_cfn.cloudformation.schemas import cfn_lint_version
from phoenix_cfn.errors import PhoenixError, require_docstrings

_PAGE = "docs/rules.md"
# cfn-lint reserves the ids that begin with 9 for other projects' rules.
# https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
_OF_CFN_LINT = re.compile(r"[EWI][0-8]\d{3}")


class UnknownRuleError(PhoenixError):
    """An unknown rule id."""


def place(rule_id: str, root: Path) -> str:
    """The page of a rule, or the command that explains it; empty for an unknown rule. `root`: the user's folder."""
    if _OF_CFN_LINT.fullmatch(rule_id):
        return f"https://github.com/aws-cloudformation/cfn-lint/blob/v{cfn_lint_version()}/docs/rules.md#{rule_id}"
    if rule_id not in _own():
        return ""
    anchor = rule_id.lower()
    if f'<a id="{anchor}">' in _text(root / _PAGE):
        return f"{_PAGE}#{anchor}"
    source = origin.installed_from()
    if source and source.url.startswith("https://github.com/"):
        return f"{source.page}/blob/{source.commit}/{_PAGE}#{anchor}"
    return f"phoenix-cfn lint --explain {rule_id}"


def fix(rule_id: str) -> str:
    """The Fix section of a rule's docstring; empty for an unknown rule."""
    rule = _own().get(rule_id)
    paragraphs = inspect.cleandoc(rule.__doc__ or "").split("\n\n") if rule else []
    return next((" ".join(each.removeprefix("Fix: ").split()) for each in paragraphs if each.startswith("Fix: ")), "")


def text(rule_id: str) -> str:
    """A rule's docstring; for a rule of cfn-lint, the URL of its page. Raises UnknownRuleError."""
    if rule := _own().get(rule_id):
        require_docstrings("explain the rules")
        group = "Rule of the kata group. " if rule.kata else ""
        words = inspect.cleandoc(rule.__doc__ or "")
        return f"{rule_id} {rule.shortdesc}\n\n{words}\n\n{group}Source: {rule.source_url}"
    if page := place(rule_id, Path()):
        return f"{rule_id} is a rule of cfn-lint: {page}"
    raise UnknownRuleError(
        f"--explain: found {rule_id!r}; expected the id of a rule, such as E9401. Correct the id: each finding begins "
        "with one."
    )


def _own() -> dict[str, type[Any]]:
    return {each.id: each for each in rules.classes().values()}


def _text(page: Path) -> str:
    try:
        return page.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
