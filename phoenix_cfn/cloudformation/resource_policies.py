"""Resource policies, such as those of KMS keys and topics: the services, roles and actions that they allow."""

from __future__ import annotations

from collections.abc import Iterable

from .nodes import Node, Resource
from .policies import Statement, statements
from .stack import Stack

# The actions of a service on a key that encrypts its data, or the messages of a topic that it publishes to.
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
KEY_USES: dict[str, tuple[str, ...]] = {"logs": ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")}
_KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey")

# EventBridge does not send these condition keys to KMS when it publishes to an encrypted topic: a statement with such a
# condition never applies. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
_NOT_SENT_TO_KMS = {
    "events": frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
}


def key_allows_role(key: Resource, owner: Resource) -> bool:
    """Whether a key policy may allow a role to use the key, without a policy of the role."""
    for statement in statements(key["KeyPolicy"]):
        if not statement.allows or (statement.known and not statement.names("kms:Decrypt")):
            continue
        node = statement.node
        principals = [*node["Principal"].items, *node.at("Principal", "AWS").items]
        for principal in principals:
            value = principal.text
            if value is not None and (value.literal == "*" or any(ref.name == owner.id for ref in value.refs)):
                return True
    return not key["KeyPolicy"].given or key["KeyPolicy"].opaque


def allows_service(
    document: Node,
    service: str,
    actions: Iterable[str] = (),
    resource: Resource | None = None,
    not_sent: frozenset[str] = frozenset(),
) -> bool | None:
    """Whether a resource's policy allows all of these actions to an AWS service; None if the policy is unknown.

    `resource` is the policy's resource, if its statements have one. `not_sent` are the condition keys that the service
    does not send: a statement with one of them never applies. All other conditions are assumed to hold.
    """
    if not document.given or document.opaque or not document["Statement"].given or document["Statement"].opaque:
        return None
    applying: list[Statement] = []
    for statement in statements(document):
        node = statement.node
        if node.opaque or (node["Principal"].opaque and node["Principal"].literal != "*"):
            return None
        if statement.allows and not (not_sent & statement.condition_keys) and _is_for(statement, service):
            applying.append(statement)
    if not actions:
        return bool(applying)
    if any(not one.known or one.concerns(resource) is None for one in applying):
        return None
    return all(any(one.names(action) and one.concerns(resource) for one in applying) for action in actions)


def _is_for(statement: Statement, service: str) -> bool:
    """Whether a statement's principals include, or may include, a service."""
    principal = statement.node["Principal"]
    if principal.literal == "*" or any(item.literal == "*" for item in principal["AWS"].items):
        return True
    names = [item.text for item in principal["Service"].items]
    return any(name is None or name.plain.startswith(service + ".") or not name.plain for name in names)


def key_allows_service(key: Resource, service: str) -> bool | None:
    """Whether a key's policy allows an AWS service to use it. The default policy of a key does not."""
    if not key["KeyPolicy"].given:
        return False
    actions, not_sent = KEY_USES.get(service, _KEY_USE), _NOT_SENT_TO_KMS.get(service, frozenset())
    return allows_service(key["KeyPolicy"], service, actions, not_sent=not_sent)


def key_of(stack: Stack, node: Node) -> Resource | None:
    """The key of the template in a KmsKeyId, directly or by an alias."""
    named = stack.resource(node, "AWS::KMS::Key", "AWS::KMS::Alias")
    if named is not None and named.type == "AWS::KMS::Alias":
        return stack.resource(named["TargetKeyId"], "AWS::KMS::Key")
    return named
