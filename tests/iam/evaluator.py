"""IAM's decision, small and exact: may this role do this to that?

It knows what these templates use, and refuses to judge anything else, so that nothing passes by being overlooked.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Policy = Mapping[str, Any]
Context = Mapping[str, str]

_STATEMENT = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


@dataclass(frozen=True)
class Role:
    """The policies of a role, all values resolved; `boundary` is None where there is no boundary."""

    policies: tuple[Policy, ...]
    boundary: Policy | None = None

    def may(self, action: str, resource: str = "*", context: Context | None = None) -> bool:
        """Whether the role may do an action such as `s3:GetObject` to a resource's ARN.

        `*` for actions that are not limited to resources. `context`: condition keys, such as `aws:ResourceTag/Stage`.
        """
        bounds = self.policies if self.boundary is None else (*self.policies, self.boundary)
        if any(_decides("Deny", policy, action, resource, context or {}) for policy in bounds):
            return False
        if self.boundary is not None and not _decides("Allow", self.boundary, action, resource, context or {}):
            return False
        return any(_decides("Allow", policy, action, resource, context or {}) for policy in self.policies)


def _decides(effect: str, policy: Policy, action: str, resource: str, context: Context) -> bool:
    return any(
        statement["Effect"] == effect
        and _about(statement, "Action", lambda pattern: _like(pattern.lower(), action.lower()))
        and _about(statement, "Resource", lambda pattern: _arn_like(pattern, resource))
        and _holds(statement.get("Condition", {}), context)
        for statement in map(_known, _listed(policy["Statement"]))
    )


def _known(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    if set(statement) - _STATEMENT:
        raise NotImplementedError(f"elements {set(statement) - _STATEMENT}")
    return statement


def _about(statement: Mapping[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    if element in statement:
        return any(map(matches, _texts(statement[element])))
    return not any(map(matches, _texts(statement[f"Not{element}"])))


def _texts(value: Any) -> Iterable[str]:
    for text in _listed(value):
        if not isinstance(text, str) or "${" in text:
            raise NotImplementedError(f"not resolved, or a policy variable: {text}")
        yield text


def _like(pattern: str, text: str) -> bool:
    """`*` stands for any characters, `?` for one."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _arn_like(pattern: str, arn: str) -> bool:
    """Each of the six parts for itself; what follows the account is one part, with its colons and slashes."""
    if pattern == "*":
        return True
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(_like, patterns, parts))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda expected, found: expected == found,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda expected, found: expected.lower() == found.lower(),
}


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """All operators, all keys, any value; a key that the request does not have fails, unless IfExists."""
    found = {key.lower(): value for key, value in context.items()}
    for operator, keys in conditions.items():
        name = operator.removesuffix("IfExists")
        if name not in _OPERATORS:
            raise NotImplementedError(f"operator {operator}")
        for key, expected in keys.items():
            if key.lower() not in found:
                if name == operator:
                    return False
            elif not any(_OPERATORS[name](each, found[key.lower()]) for each in _texts(expected)):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
