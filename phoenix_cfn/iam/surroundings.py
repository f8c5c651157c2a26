"""Existing resources that a template uses without creating them, such as a VPC, a key, a listener or a role."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.iam.alternatives import alternatives, mentions
from phoenix_cfn.iam.identity import OWNED
from phoenix_cfn.iam.resources import Template

# Suffixes of properties and types whose name of a kind differs from IAM's.
_OTHERWISE_CALLED = {
    "allocation": "elasticip",
    "clusterparametergroup": "clusterpg",
    "dbcluster": "cluster",
    "dbclusterparametergroup": "clusterpg",
    "dbinstance": "db",
    "dbparametergroup": "pg",
    "dbsubnetgroup": "subgrp",
    "eip": "elasticip",
    "group": "securitygroup",
    "key": "keypair",
    "optiongroup": "og",
}
# The container of a resource that is not in its own properties: property, kind.
_BY_DEFAULT = {"AWS::EC2::SecurityGroup": ("VpcId", "ec2:vpc")}
# The hosted zone of an alias record belongs to AWS, and is not changed.
_FREE = frozenset({"AliasTarget", "Environment", "Metadata", "Tags", "UserData", "Variables"})


def surroundings(
    template: Template, kinds: Mapping[str, Collection[str]], created: Mapping[str, Mapping[str, Iterable[str]]]
) -> dict[str, dict[str, set[str]]]:
    """By type and kind, such as `ec2:vpc`, the ARNs in which the template's resources are created, or to which they are
    attached.

    `kinds`: by type, the kinds of resource that its actions can be limited to; `created`: by type and kind, the ARNs of
    the template's own resources.
    """
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    own = {each: frozenset(own_kinds(each, every)) for each, every in kinds.items()}
    others = {each: frozenset(every) - own[each] for each, every in kinds.items()}
    known = _known(created)
    for logical_id in [name for each in kinds for name in template.of_type(each)]:
        resource_type, properties = template.resources[logical_id]["Type"], template.properties(logical_id)
        absent, default = _BY_DEFAULT.get(resource_type, ("", ""))
        if absent and absent not in properties:
            found[resource_type][default] |= set(_patterns(default))
        for key, value in _leaves(properties) if others[resource_type] else ():
            for kind in called(key, others[resource_type]):
                if any(kind in own.get(each, ()) for each in _types(template, value)):
                    continue
                text = template.resolve(value)
                if text not in known[kind]:
                    found[resource_type][kind] |= set(_named(kind, text))
    return {each: dict(sorted(arns.items())) for each, arns in sorted(found.items())}


def _types(template: Template, value: Any) -> Iterator[str]:
    """The types of the resources of the template that a value refers to."""
    return (template.resources[name]["Type"] for name, _ in mentions(value) if name in template.resources)


def _known(created: Mapping[str, Mapping[str, Iterable[str]]]) -> Mapping[str, set[str]]:
    """By kind, the known ARNs and names of the template's resources."""
    found: dict[str, set[str]] = defaultdict(set)
    for kinds in created.values():
        for kind, arns in kinds.items():
            found[kind] |= {name for arn in arns for name in (arn, re.split("[:/]", arn)[-1])} - {"*"}
    return found


def own_kinds(resource_type: str, kinds: Collection[str]) -> set[str]:
    """The kinds of a type's own resources."""
    if resource_type not in OWNED:
        return called(resource_type.rpartition(":")[2], frozenset(kinds))
    first = [each.kind.split("/")[0] for each in OWNED[resource_type][:1]]
    return {
        each.kind
        for each in OWNED[resource_type]
        if each.part or re.search(r"\{(name|path)\}", each.path) or each.kind.split("/")[0] in first
    }


@cache
def called(name: str, kinds: frozenset[str]) -> set[str]:
    """The kinds in the name of a property or type: of several, those with the longest name."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    stem = re.sub(r"(?:id|arn|name|identifier)s?$", "", plain)
    points = stem != plain
    # `Subnets`, but not the end of `Address`.
    stem = re.sub(r"(?<!s)s$", "", stem)
    wanted = {stem, _OTHERWISE_CALLED.get(stem, stem)}
    matching = {}
    for kind in kinds:
        known_as = _known_as(kind)
        # A short name is the end of many words, and only a suffix Id, Arn or Name is certainly a reference.
        if known_as in wanted or (points and len(known_as) > 2 and any(each.endswith(known_as) for each in wanted)):
            matching[kind] = len(known_as)
    return {kind for kind, length in matching.items() if length == max(matching.values())}


@cache
def _known_as(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.partition(":")[2].split("/")[0])


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """All plain values and functions below a property, with the name of the property."""
    for each in alternatives(value):
        if isinstance(each, list):
            for inner in each:
                yield from _leaves(inner, key)
        elif isinstance(each, Mapping) and not (len(each) == 1 and str(next(iter(each))).startswith(("Fn::", "Ref"))):
            for name, inner in each.items():
                if name not in _FREE:
                    yield from _leaves(inner, str(name))
        elif key and not isinstance(each, (bool, int, float)):
            yield key, each


def _named(kind: str, text: str) -> Iterator[str]:
    """The ARNs of a kind for a value: an ARN, an id or a name."""
    service = kind.partition(":")[0]
    if re.match(rf"arn:(\$\{{[^}}]*\}}|[^:])+:{service}:.*:", text):
        yield text
        return
    # An id, also from a parameter of the pipeline stack, such as `${HostedZoneId}`.
    known = re.fullmatch(r"(?:[\w.@+=,-]|\$\{\w+\})+", text)
    for pattern in _patterns(kind):
        if known and pattern.count("*") == 1 and pattern.endswith("*"):
            yield pattern[:-1] + text
            if service == "iam":
                yield pattern + "/" + text
        else:
            yield pattern


def _patterns(kind: str) -> list[str]:
    service, _, name = kind.partition(":")
    return schemas.arn_patterns(service, name)
