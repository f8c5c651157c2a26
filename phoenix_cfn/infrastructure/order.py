"""The order of creation, and in reverse of deletion: whatever may fail first, then the database, then its users.

A first deployment that fails is rolled back, and the cluster leaves a snapshot (R3). DocumentDB takes none of a cluster
that is still being created: the stack ends in ROLLBACK_FAILED, and a person has to clean up. And what a service stands
on, such as routes, goes after it: tasks reach the log and the database until they end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from troposphere import AWSObject, If, NoValue, Ref

from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.template import StageTemplate

# ${Name} and ${Name.Attribute}, but not ${!literal}.
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def create_database_last(template: StageTemplate, database: Database) -> None:
    """Nothing is created beside the cluster or its instances: all that does not need them comes before.

    Called when all other resources are in the template.
    """
    _create_last(template, [database.cluster])
    _create_last(template, database.instances)


def _create_last(template: StageTemplate, last: Sequence[AWSObject]) -> None:
    resources: dict[str, Any] = template.to_dict()["Resources"]
    needs = {title: _named(resource) & set(resources) for title, resource in resources.items()}
    titles = {str(resource.title) for resource in last}
    before = {title for title in needs if not titles & _reached(needs, title)}
    # Where one of them needs another, that other needs no mention; but one with a condition may not be there.
    certain = {title: needs[title] if "Condition" not in resources[title] else set() for title in needs}
    ends = before.difference(*(_reached(certain, title) - {title} for title in before))
    for resource in last:
        added = ends - needs[str(resource.title)]
        unconditional = {title for title in added if "Condition" not in resources[title]}
        given = getattr(resource, "DependsOn", [])
        dependencies = sorted(unconditional.union([given] if isinstance(given, str) else given))
        if dependencies:
            resource.DependsOn = dependencies
        # DependsOn takes no condition. A reference in Metadata does, and is a dependency, too.
        conditional = sorted(added - unconditional)
        if conditional:
            after = [If(resources[title]["Condition"], Ref(title), NoValue) for title in conditional]
            resource.Metadata = {**getattr(resource, "Metadata", {}), "CreatedAfter": after}


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
            yield from [each] if isinstance(each, str) else each
        elif key == "Fn::GetAtt":
            yield each.split(".")[0] if isinstance(each, str) else each[0]
        elif key == "Fn::Sub":
            yield from _VARIABLE.findall(each if isinstance(each, str) else each[0])
            yield from _names(each)
        else:
            yield from _names(each)
