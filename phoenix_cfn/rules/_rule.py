"""The base class of all rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from cfnlint.rules import CloudFormationLintRule
from cfnlint.rules import RuleMatch as Finding

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.scenarios import stacks
from phoenix_cfn.cloudformation.stack import Stack

__all__ = ["KATA", "Finding", "Rule", "Stack", "finding"]

KATA = "kata"
"""The value of cfn-lint's include_checks that enables the rules of the kata's policy."""

_STACKS: WeakKeyDictionary[Any, list[Stack]] = WeakKeyDictionary()


def finding(node: Node, message: str) -> Finding:
    """A finding at a place of the template."""
    match: Finding = Finding(node.path, message)
    return match


class Rule(CloudFormationLintRule):  # type: ignore[misc]
    """A requirement on templates. This class has no id, so cfn-lint does not register it.

    `judge` of a subclass yields the findings in one scenario. A finding in any scenario counts; with
    `in_every_scenario`, only a finding in all of them. All rules share the scenarios of a template.
    """

    in_every_scenario = False
    # Whether the rule is the kata's policy, not a fact of AWS. Such a rule reports only if it is enabled.
    kata = False
    # Numbers that a fork can change with `configure_rules` in .cfnlintrc.
    numbers: dict[str, int] = {}

    def __init__(self) -> None:
        super().__init__()
        self.config_definition = {name: {"default": value, "type": "integer"} for name, value in self.numbers.items()}
        self.configure()
        self._on = True

    def is_enabled(self, *options: Any, **named: Any) -> bool:
        """cfn-lint calls this before each template; `include_rules` has the values of include_checks."""
        included = named.get("include_rules") or (options[2] if len(options) > 2 else None) or ()
        asked = any(each == KATA or (len(each) > 1 and self.id.startswith(each)) for each in included)
        self._on = (not self.kata or asked) and bool(super().is_enabled(*options, **named))
        return self._on

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # cfn-lint shows the description: the first paragraph of the docstring, and the fix.
        paragraphs = [" ".join(each.split()) for each in (cls.__doc__ or "").split("\n\n")]
        cls.description = " ".join([paragraphs[0], *(each for each in paragraphs if each.startswith("Fix: "))])

    def judge(self, stack: Stack) -> Iterator[Finding]:
        raise NotImplementedError

    def matchall_resource_properties(self, *_: Any) -> tuple[Finding, ...]:
        # A rule checks the whole template in `match`; cfn-lint calls this one for each resource.
        return ()

    def match(self, cfn: Any) -> list[Finding]:
        if not self._on:
            return []
        scenarios = _STACKS.get(cfn)
        if scenarios is None:
            scenarios = _STACKS[cfn] = stacks(cfn.template, cfn.filename)
        verdicts = [_by_place(self.judge(stack)) for stack in scenarios]
        found: dict[str, list[Finding]] = {}
        for verdict in verdicts:
            for place, matches in verdict.items():
                # Another scenario may have the same finding with a different message.
                found.setdefault(place, matches)
        if self.in_every_scenario:
            found = {place: each for place, each in found.items() if all(place in verdict for verdict in verdicts)}
        return [match for matches in found.values() for match in matches]


def _by_place(matches: Iterator[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, dict[str, Finding]] = {}
    for match in matches:
        found.setdefault(match.path_string, {}).setdefault(match.message, match)
    return {place: list(each.values()) for place, each in found.items()}
