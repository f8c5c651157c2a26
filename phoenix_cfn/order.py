"""The order of creation, and in reverse of deletion: what others only stand beside comes before them, by DependsOn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

# ${Name} and ${Name.Attribute}, but not ${!literal}.
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def create_last(resources: dict[str, Any], last: Sequence[str]) -> None:
    """Makes the resources `last` of a template's plain data depend on every resource that does not need them."""
    needs = {title: _named(resource) & set(resources) for title, resource in resources.items()}
    before = {title for title in needs if not _reached(needs, title).intersection(last)}
    # Where one of them needs another, that other needs no mention; but one with a condition may not be there.
    certain = {title: needs[title] if "Condition" not in resources[title] else set() for title in needs}
    ends = before.difference(*(_reached(certain, title) - {title} for title in before))
    for title in last:
        resource, added = resources[title], ends - needs[title]
        unconditional = {each for each in added if "Condition" not in resources[each]}
        dependencies = sorted(unconditional.union(_listed(resource.get("DependsOn", []))))
        if dependencies:
            resource["DependsOn"] = dependencies
        # DependsOn takes no condition. A reference in Metadata does, and is a dependency, too.
        after = [
            {"Fn::If": [resources[each]["Condition"], {"Ref": each}, {"Ref": "AWS::NoValue"}]}
            for each in sorted(added - unconditional)
        ]
        if after:
            resource["Metadata"] = {**resource.get("Metadata", {}), "CreatedAfter": after}


def _reached(needs: dict[str, set[str]], title: str) -> set[str]:
    """The resource, and all that must exist before it."""
    found: set[str] = set()
    waiting = {title}
    while waiting:
        found |= waiting
        waiting = set().union(*(needs[each] for each in waiting)) - found
    return found


def _named(value: Any) -> set[str]:
    """What a resource names in Ref, Fn::GetAtt, Fn::Sub and DependsOn."""
    return set(_names(value))


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
