"""The order of creation by DependsOn; resources are deleted in reverse order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

# ${Name} and ${Name.Attribute}, but not ${!literal}.
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def create_last(resources: dict[str, Any], groups: Sequence[Sequence[str]]) -> None:
    """Makes the resources of each group depend on every resource of the template (plain data) that does not need them.

    A later group may come after an earlier one.
    """
    if not groups:
        return
    needs = {title: _others(resources, title) for title in resources}
    for group in groups:
        ends = _ends(resources, needs, group)
        for title in group:
            _depend(resources, title, ends - needs[title])
            needs[title] = _others(resources, title)


def _ends(resources: dict[str, Any], needs: dict[str, set[str]], last: Sequence[str]) -> set[str]:
    """The resources that do not need those of `last`, without those that others of them always need."""
    before = needs.keys() - _needing(needs, last)
    # A resource that another one needs can be omitted, unless the other one has a condition and may not exist.
    return before.difference(*(needs[title] for title in before if "Condition" not in resources[title]))


def _depend(resources: dict[str, Any], title: str, added: set[str]) -> None:
    resource = resources[title]
    unconditional = {each for each in added if "Condition" not in resources[each]}
    dependencies = sorted(unconditional.union(_listed(resource.get("DependsOn", []))))
    if dependencies:
        resource["DependsOn"] = dependencies
    # DependsOn accepts no condition. A reference in Metadata does, and is also a dependency.
    after = [
        {"Fn::If": [resources[each]["Condition"], {"Ref": each}, {"Ref": "AWS::NoValue"}]}
        for each in sorted(added - unconditional)
    ]
    if after:
        resource["Metadata"] = {**resource.get("Metadata", {}), "CreatedAfter": after}


def _needing(needs: dict[str, set[str]], wanted: Sequence[str]) -> set[str]:
    """Resources, and all resources that need one of them, directly or indirectly."""
    found: set[str] = set()
    more = set(wanted)
    while more:
        found |= more
        more = {title for title in needs.keys() - found if not found.isdisjoint(needs[title])}
    return found


def _others(resources: dict[str, Any], title: str) -> set[str]:
    """The other resources that a resource refers to in Ref, Fn::GetAtt, Fn::Sub and DependsOn."""
    return resources.keys() & set(_names(resources[title])) - {title}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _names(each)
    if not isinstance(value, dict):
        return
    for key, each in value.items():
        if key in ("Ref", "DependsOn"):
            yield from _listed(each)
        elif key == "Fn::GetAtt":
            yield each.split(".")[0] if isinstance(each, str) else each[0]
        elif key == "Fn::Sub":
            yield from _VARIABLE.findall(each if isinstance(each, str) else each[0])
            yield from _names(each)
        else:
            yield from _names(each)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
