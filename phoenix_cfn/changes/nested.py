"""Nested stacks whose templates are here: the two sides of one, with the parameters that its parent passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.values import Text

from .outcomes import Outcome, Verdict
from .sides import Side

STACK = "AWS::CloudFormation::Stack"
MOST_NESTED = 10
# `aws cloudformation package` names a template by the MD5 of its content; S3 keeps a version as it is.
_FIXED = re.compile(r"/[0-9a-f]{32}\.template$|[?&]versionId=")


def is_fixed(resource: Resource) -> bool:
    """Whether the TemplateURL stands for one content for ever."""
    return _FIXED.search(resource["TemplateURL"].literal or "") is not None


def sides(old: Side, new: Side, name: str, passed: Mapping[str, Verdict]) -> tuple[Side, Side, frozenset[str]] | None:
    """Both sides of a nested stack, and the parameters whose value perhaps changes; None without both templates.

    `passed` says of each parameter whether its value is the same. A value that differs and is not known is written as
    the reference that gives it, and the later one marked as such.
    """
    templates = [_template(side, name) for side in (old, new)]
    before, after = templates
    if before is None or after is None:
        return None
    values = [_values(side.stack.resources[name]) for side in (old, new)]
    known: list[dict[str, str]] = [{}, {}]
    for parameter, verdict in passed.items():
        for side, (given, result) in enumerate(zip(values, known, strict=True)):
            text = given.get(parameter)
            if text is None:
                continue
            if text.literal is not None:
                result[parameter] = text.literal
            elif verdict is Verdict.DIFFERENT:
                result[parameter] = f"{text}{' (new)' if side else ''}"
    children = [
        Side.of(template, f"{side.name}, {name}", _declared(template, result), side.children, depth=side.depth + 1)
        for template, side, result in zip((before, after), (old, new), known, strict=True)
    ]
    perhaps = frozenset(each for each, verdict in passed.items() if verdict is Verdict.PERHAPS)
    return children[0], children[1], perhaps


def _template(side: Side, name: str) -> dict[str, Any] | None:
    url = side.stack.resources[name]["TemplateURL"].literal
    return side.children(url) if url and side.depth < MOST_NESTED else None


def _values(resource: Resource) -> dict[str, Text]:
    parameters = resource["Parameters"]
    found = {key: parameters[key].text for key in parameters.keys}
    return {key: text for key, text in found.items() if text is not None}


def _declared(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key in template.get("Parameters", {})}


def outcome(found: Mapping[str, Any]) -> Outcome:
    """What happens to a nested stack by what happens to its resources."""
    outcomes = {change.outcome for change in found.values()}
    if Outcome.REFUSED in outcomes:
        return Outcome.REFUSED
    return Outcome.UPDATED if outcomes - {Outcome.UNCHANGED} else Outcome.UNCHANGED
