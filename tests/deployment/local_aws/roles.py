"""IAM's resource types: roles keep their boundary, and no policy is larger than IAM allows."""

from __future__ import annotations

import json
from typing import Any

from . import ministack
from .corrections import correction

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
# Characters without white space: of all inline policies of a role, and of one managed policy.
_INLINE_LIMIT, _MANAGED_LIMIT = 10_240, 6_144


@correction("A role keeps its permissions boundary, which must exist", f"{_IAM}/access_policies_boundaries.html")
def roles_keep_their_boundary() -> None:
    handler = ministack.handlers["AWS::IAM::Role"]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        _check_boundary(properties)
        answer = create(logical_id, properties, stack)
        ministack.iam._roles[answer[0]]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
        return answer

    def updated(physical_id: str, old: Any, new: dict[str, Any], *rest: Any) -> Any:
        _check_boundary(new)
        answer = update(physical_id, old, new, *rest)
        ministack.iam._roles[answer[0]]["PermissionsBoundary"] = new.get("PermissionsBoundary")
        return answer

    ministack.handlers["AWS::IAM::Role"] = {**handler, "create": created, "update": updated}


def _check_boundary(properties: dict[str, Any]) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and ministack.iam._lookup_policy(boundary) is None:
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")


@correction("Policies have a largest size", f"{_IAM}/reference_iam-quotas.html")
def policies_have_a_largest_size() -> None:
    def limited(resource_type: str, size: Any, limit: int) -> None:
        handler = ministack.handlers[resource_type]
        create, update = handler["create"], handler["update"]

        def check(properties: dict[str, Any]) -> None:
            if size(properties) > limit:
                raise ValueError(f"Maximum policy size of {limit} bytes exceeded: {size(properties)}")

        def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
            check(properties)
            return create(logical_id, properties, stack)

        def updated(physical_id: str, old: Any, new: dict[str, Any], *rest: Any) -> Any:
            check(new)
            return update(physical_id, old, new, *rest)

        ministack.handlers[resource_type] = {**handler, "create": created, "update": updated}

    limited(
        "AWS::IAM::Role",
        lambda properties: sum(_size(each["PolicyDocument"]) for each in properties.get("Policies", [])),
        _INLINE_LIMIT,
    )
    limited("AWS::IAM::ManagedPolicy", lambda properties: _size(properties["PolicyDocument"]), _MANAGED_LIMIT)


def _size(document: Any) -> int:
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return len("".join(text.split()))
