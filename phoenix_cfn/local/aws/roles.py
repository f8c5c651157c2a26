"""IAM: roles keep their boundary, whose conditions hold, and no policy is larger than IAM allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from phoenix_cfn.local.aws import ministack, permissions
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
# Characters without white space: of all inline policies of a role, and of one managed policy.
_INLINE_LIMIT, _MANAGED_LIMIT = 10_240, 6_144


@correction("A role keeps its permissions boundary, which must exist", f"{_IAM}/access_policies_boundaries.html")
def roles_keep_their_boundary() -> None:
    def keep(name: str, properties: dict[str, Any]) -> None:
        ministack.iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")

    extend("AWS::IAM::Role", before=_check_boundary, after=keep)


def _check_boundary(properties: dict[str, Any]) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and ministack.iam._lookup_policy(boundary) is None:
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")


@correction(
    "Conditions on the tags of the resource hold in a permissions boundary as in a policy",
    f"{_IAM}/reference_policies_condition-keys.html#condition-keys-resourcetag",
)
def boundaries_know_the_tags_of_resources() -> None:
    plain = ministack.iam_evaluator.enforce

    def enforce(
        key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        # MiniStack looks for the tags only where the role's own policies name them, and not for those of a listener.
        tags = permissions.tags_of(resource_arn) if resource_arn != "*" else {}
        return plain(key, action, service, region, resource_arn, {**tags, **(service_context or {})})

    ministack.iam_evaluator.enforce = enforce


@correction("Policies have a largest size", f"{_IAM}/reference_iam-quotas.html")
def policies_have_a_largest_size() -> None:
    def limited(resource_type: str, size: Callable[[dict[str, Any]], int], limit: int) -> None:
        def check(properties: dict[str, Any]) -> None:
            if size(properties) > limit:
                raise ValueError(f"Maximum policy size of {limit} bytes exceeded: {size(properties)}")

        extend(resource_type, before=check)

    limited(
        "AWS::IAM::Role",
        lambda properties: sum(_size(each["PolicyDocument"]) for each in properties.get("Policies", [])),
        _INLINE_LIMIT,
    )
    limited("AWS::IAM::ManagedPolicy", lambda properties: _size(properties["PolicyDocument"]), _MANAGED_LIMIT)


def _size(document: Any) -> int:
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return len("".join(text.split()))
