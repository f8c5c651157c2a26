"""The permissions boundary of a template's roles, which later changes of the template cannot exceed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.exact import ExactTemplate
from phoenix_cfn.iam.resources import UnknownValueError
from phoenix_cfn.iam.statements import Permission, with_own_sids

# The parts of an ARN up to the account.
_ARN = re.compile(
    r"(arn:(\$\{AWS::Partition\}|[a-z-]+):[a-z0-9-]+:(\$\{AWS::Region\}|[a-z0-9-]*):(\$\{AWS::AccountId\}|[^:]*):.+)"
)


class BoundaryError(PhoenixError):
    """A statement of a role for which the boundary cannot determine the resources."""

    def __init__(self, role: str, statement: str, why: str, remedy: str) -> None:
        super().__init__(f"no permissions boundary can be derived from {role}, {statement}: {why}. {remedy}")


def boundary_permissions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[Permission]:
    """The permissions of all roles of a template together, as the boundary of each of them.

    `values`: see `Template`. Raises BoundaryError if the ARN of a resource is not known before the stack exists.
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
    """The permissions without redundant ones, each with a unique Sid."""
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
    """The statements of all policies of a role in the template."""
    properties = known.properties(role)
    documents = [policy["PolicyDocument"] for policy in _listed(properties.get("Policies", []))]
    for each in _listed(properties.get("ManagedPolicyArns", [])):
        own = each.get("Ref") if isinstance(each, Mapping) else None
        if own not in known.resources:
            raise BoundaryError(
                role,
                f"ManagedPolicyArns {json.dumps(each)}",
                "the statements of that policy are outside the template",
                "Add its statements to Policies of the role.",
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
    """A permission for resources that are identified by ARN, and one for each that only its tags identify."""
    sid = statement.get("Sid") or f"{role}Statement"
    name = f"statement {sid}"
    for element in ("NotAction", "NotResource"):
        if element in statement:
            raise BoundaryError(role, name, f"it uses {element}", "Use Action and Resource.")
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
                f"found {json.dumps(resource)}, whose value is {arn}; expected an ARN",
                "Use Fn::GetAtt of its Arn, or Fn::Sub with the ARN and the name.",
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
            f"found {json.dumps(value)}; {error.what} is not known in Pipeline.yml",
            error.remedy,
        ) from error


def _is_arn(text: str) -> bool:
    # The name of a parameter begins with the slash of its ARN, or has none.
    return bool(_ARN.fullmatch(text)) and ":parameter//" not in text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
