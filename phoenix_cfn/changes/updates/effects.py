"""What the change of a property does, and where AWS says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phoenix_cfn.changes.comparison import Difference, Path
from phoenix_cfn.changes.outcomes import Outcome, Verdict
from phoenix_cfn.cloudformation.nodes import MISSING, Resource
from phoenix_cfn.cloudformation.trees import tree
from phoenix_cfn.cloudformation.values import Text

REGISTRY = "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html"


@dataclass(frozen=True)
class Effect:
    """The outcome of one property that differs. Without a `source`, it is the page of the resource type."""

    outcome: Outcome
    text: str
    source: str = ""


@dataclass(frozen=True)
class Update:
    """A property of a resource that differs, with the resource before and after."""

    before: Resource
    after: Resource
    difference: Difference

    @property
    def certain(self) -> bool:
        return self.difference.verdict is Verdict.DIFFERENT

    @property
    def added(self) -> bool:
        return self.difference.old is MISSING

    @property
    def removed(self) -> bool:
        return self.difference.new is MISSING

    @property
    def old(self) -> str | None:
        """The value before, if it is known and is one."""
        return _literal(self.difference.old)

    @property
    def new(self) -> str | None:
        return _literal(self.difference.new)

    @property
    def numbers(self) -> tuple[float, float] | None:
        """Both values, if they are known and numbers."""
        try:
            return float(self.old or ""), float(self.new or "")
        except ValueError:
            return None

    @property
    def lowered(self) -> bool:
        """Whether a number is known to get smaller."""
        return self.numbers is not None and self.numbers[1] < self.numbers[0]

    def given(self, *path: str) -> bool:
        """Whether the resource has the property before or after."""
        return self.before.at(*path).given or self.after.at(*path).given

    def members(self, name: str) -> tuple[list[Any], list[Any]]:
        """The members of a list before and after, resolved."""
        found = [tree(each.stack, each[name].raw) if each[name].given else [] for each in (self.before, self.after)]
        left, right = (each if isinstance(each, list) else [] for each in found)
        return left, right


Rule = Effect | Callable[[Update], "Effect | None"]
"""What a property does; a function gives None where the schema decides."""

Rules = dict[str, dict[Path, Rule]]


def interrupts(text: str, source: str = "") -> Effect:
    return Effect(Outcome.INTERRUPTED, text, source)


def updates(text: str, source: str = "") -> Effect:
    return Effect(Outcome.UPDATED, text, source)


def replaces(text: str, source: str = "") -> Effect:
    return Effect(Outcome.REPLACED, text, source)


def may_replace(text: str, source: str = "") -> Effect:
    return Effect(Outcome.MAY_BE_REPLACED, text, source)


def refuses(text: str, source: str = "") -> Effect:
    return Effect(Outcome.REFUSED, text, source)


def unknown(text: str, source: str = "") -> Effect:
    return Effect(Outcome.UNKNOWN, text, source)


def page(resource_type: str) -> str:
    """The page of a resource type in AWS's template reference."""
    name = "-".join(resource_type.lower().split("::")[1:]) if resource_type.count("::") == 2 else ""
    return f"https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-{name}.html"


def literal(member: Any, *path: str) -> str | None:
    """The text at a path of a resolved value, if it is known."""
    for key in path:
        member = member.get(key) if isinstance(member, dict) else None
    return _literal(member)


def _literal(value: Any) -> str | None:
    return value.literal if isinstance(value, Text) else None
