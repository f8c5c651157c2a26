"""The base class of all rules: it runs `judge` on a template's scenarios, which all rules share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from cfnlint.rules import CloudFormationLintRule
from cfnlint.rules import RuleMatch as Finding

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.scenarios import stacks
from phoenix_cfn.cloudformation.stack import Stack

__all__ = ["Finding", "Rule", "Stack", "finding"]

_STACKS: WeakKeyDictionary[Any, list[Stack]] = WeakKeyDictionary()


def finding(node: Node, message: str) -> Finding:
    """What is wrong, at the place where it is written."""
    match: Finding = Finding(node.path, message)
    return match


class Rule(CloudFormationLintRule):  # type: ignore[misc]
    """A sentence that a template of this kind must keep. It has no id, so cfn-lint does not register it.

    A sub-class says in `judge` what breaks the sentence in one scenario. A fault in any scenario counts; with
    `in_every_scenario`, only one that no choice of parameters avoids.
    """

    in_every_scenario = False
    # What a fork may set to another number, by `configure_rules` in .cfnlintrc.
    numbers: dict[str, int] = {}

    def __init__(self) -> None:
        super().__init__()
        self.config_definition = {name: {"default": value, "type": "integer"} for name, value in self.numbers.items()}
        self.configure()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # cfn-lint shows the description; the sentence that the docstring opens with is it.
        cls.description = " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def judge(self, stack: Stack) -> Iterator[Finding]:
        raise NotImplementedError

    def matchall_resource_properties(self, *_: Any) -> tuple[Finding, ...]:
        # A rule judges the whole template; cfn-lint would ask it for each resource again.
        return ()

    def match(self, cfn: Any) -> list[Finding]:
        scenarios = _STACKS.get(cfn)
        if scenarios is None:
            scenarios = _STACKS[cfn] = stacks(cfn.template, cfn.filename)
        verdicts = [{(match.path_string, match.message): match for match in self.judge(stack)} for stack in scenarios]
        found = {key: match for verdict in verdicts for key, match in verdict.items()}
        if self.in_every_scenario:
            found = {key: match for key, match in found.items() if all(key in verdict for verdict in verdicts)}
        return list(found.values())
