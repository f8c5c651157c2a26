"""Policies of resources, such as KMS keys and topics: which services and roles they allow."""

from __future__ import annotations

from .nodes import Node, Resource
from .stack import Stack


def key_allows_role(key: Resource, owner: Resource) -> bool:
    """Whether a key's own policy may allow a role to use it, without a policy of the role."""
    for statement in key.at("KeyPolicy", "Statement").items:
        if statement["Effect"].literal == "Deny":
            continue
        principals = [*statement["Principal"].items, *statement.at("Principal", "AWS").items]
        for principal in principals:
            value = principal.text
            if value is not None and (value.literal == "*" or any(ref.name == owner.id for ref in value.refs)):
                return True
    return not key["KeyPolicy"].given or key["KeyPolicy"].opaque


def allows_service(document: Node, service: str) -> bool | None:
    """Whether a resource's policy allows an AWS service; None where the policy is not known."""
    if not document.given or document.opaque or not document["Statement"].given or document["Statement"].opaque:
        return None
    for statement in document["Statement"].items:
        if statement.opaque or (statement["Principal"].opaque and statement["Principal"].literal != "*"):
            return None
        if statement["Effect"].literal == "Deny":
            continue
        principal = statement["Principal"]
        names = [item.text for item in principal["Service"].items]
        if principal.literal == "*" or any(item.literal == "*" for item in principal["AWS"].items):
            return True
        if any(name is None or name.plain.startswith(service + ".") or not name.plain for name in names):
            return True
    return False


def key_allows_service(key: Resource, service: str) -> bool | None:
    """Whether a key's policy allows an AWS service to use it. The default policy of a key does not."""
    return allows_service(key["KeyPolicy"], service) if key["KeyPolicy"].given else False


def key_of(stack: Stack, node: Node) -> Resource | None:
    """The key of the template that a KmsKeyId names, by itself or by an alias."""
    named = stack.resource(node, "AWS::KMS::Key", "AWS::KMS::Alias")
    if named is not None and named.type == "AWS::KMS::Alias":
        return stack.resource(named["TargetKeyId"], "AWS::KMS::Key")
    return named
