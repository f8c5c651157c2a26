"""The permissions boundary: the most that roles of a template may do, whatever its author writes into them later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.exact import ExactTemplate
from phoenix_cfn.iam.resources import UnknownValueError
from phoenix_cfn.iam.statements import Permission, with_own_sids

# What can be told apart in the ARN of anything: up to the account, each part for itself.
_ARN = re.compile(
    r"(arn:(\$\{AWS::Partition\}|[a-z-]+):[a-z0-9-]+:(\$\{AWS::Region\}|[a-z0-9-]*):(\$\{AWS::AccountId\}|[^:]*):.+)"
)


class BoundaryError(PhoenixError):
    """A role that may do something of which the boundary cannot say on what."""

    def __init__(self, role: str, statement: str, why: str, remedy: str) -> None:
        super().__init__(f"the permissions boundary cannot follow {role}, {statement}: {why}. {remedy}")


def boundary_permissions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[Permission]:
    """What the roles of a template may do, taken together: the boundary for each of them.

    `values`: see `Template`. Raises BoundaryError where the ARN of something is not known before the stack exists.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    known = ExactTemplate(template, values)
    handed = tuple(value for name, value in values.items() if name.endswith("Arn"))
    found: list[Permission] = []
    for role in known.of_type("AWS::IAM::Role"):
        for statement in _statements(known, role):
            if statement.get("Effect") == "Allow":
                found += _permissions(known, handed, role, statement)
    return joined(found)


def joined(permissions: Iterable[Permission]) -> list[Permission]:
    """The permissions without those that others contain; each has a Sid of its own."""
    found: list[Permission] = []
    for each in permissions:
        if not any(_contains(other, each) for other in found):
            found = [other for other in found if not _contains(each, other)] + [each]
    return with_own_sids(found)


def _contains(larger: Permission, smaller: Permission) -> bool:
    return (
        set(smaller.actions) <= set(larger.actions)
        and set(smaller.resources) <= set(larger.resources)
        and larger.conditions == smaller.conditions
    )


def _statements(known: ExactTemplate, role: str) -> Iterator[dict[str, Any]]:
    """The statements of a role's policies, wherever in the template they stand."""
    properties = known.properties(role)
    documents = [policy["PolicyDocument"] for policy in _listed(properties.get("Policies", []))]
    for each in _listed(properties.get("ManagedPolicyArns", [])):
        own = each.get("Ref") if isinstance(each, Mapping) else None
        if own not in known.resources:
            raise BoundaryError(
                role,
                f"ManagedPolicyArns {json.dumps(each)}",
                "what that policy allows stands outside of the template",
                "Write its statements into Policies of the role.",
            )
        documents.append(known.properties(own)["PolicyDocument"])
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for policy in known.of_type(kind):
            if {"Ref": role} in known.properties(policy).get("Roles", []):
                documents.append(known.properties(policy)["PolicyDocument"])
    for policy in known.of_type("AWS::IAM::RolePolicy"):
        if known.properties(policy).get("RoleName") == {"Ref": role}:
            documents.append(known.properties(policy)["PolicyDocument"])
    for document in documents:
        yield from _listed(document["Statement"])


def _permissions(
    known: ExactTemplate, handed: tuple[str, ...], role: str, statement: Mapping[str, Any]
) -> Iterator[Permission]:
    """One for what its ARN tells apart, and one for each resource that only its tags tell apart."""
    sid = statement.get("Sid") or f"{role}Statement"
    name = f"statement {sid}"
    for element in ("NotAction", "NotResource"):
        if element in statement:
            raise BoundaryError(role, name, f"it allows by {element}", "Name what it allows by Action and Resource.")
    actions = tuple(sorted(map(str, _listed(statement["Action"]))))
    conditions = {
        operator: {
            key: tuple(_value(known, role, name, each) for each in _listed(value)) for key, value in keys.items()
        }
        for operator, keys in statement.get("Condition", {}).items()
    }
    named: list[str] = []
    for resource in _listed(statement["Resource"]):
        known.by_tags.clear()
        arn = _value(known, role, name, resource)
        if arn != "*" and not (arn.startswith(handed) or _is_arn(arn)):
            raise BoundaryError(
                role,
                name,
                f"found {json.dumps(resource)}, which gives {arn}; expected an ARN",
                "Write Fn::GetAtt of its Arn, or the ARN with the name in it by Fn::Sub.",
            )
        if not known.by_tags:
            named.append(arn)
            continue
        tags = {
            f"aws:ResourceTag/{key}": (value,)
            for logical_id in sorted(known.by_tags)
            for key, value in known.tags(logical_id).items()
        }
        equals = {**conditions.get("StringEquals", {}), **tags}
        yield Permission(sid, actions, (arn,), {**conditions, "StringEquals": equals})
    if named:
        yield Permission(sid, actions, tuple(dict.fromkeys(named)), conditions)


def _value(known: ExactTemplate, role: str, statement: str, value: Any) -> str:
    try:
        return known.resolve(value)
    except UnknownValueError as error:
        raise BoundaryError(
            role,
            statement,
            f"found {json.dumps(value)}; Pipeline.yml does not know {error.what}",
            error.remedy,
        ) from error


def _is_arn(text: str) -> bool:
    # A parameter's name begins with the slash that its ARN has anyway, or it has none.
    return bool(_ARN.fullmatch(text)) and ":parameter//" not in text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
