"""IAM policies in a template: their statements, and the permissions of a role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from .managed_policies import MANAGED
from .nodes import Node, Resource
from .stack import Stack
from .values import Text, marked, same, unmarked

_MANAGED_ARN = re.compile(r":iam::aws:policy/(.+)$")


@dataclass(frozen=True)
class Statement:
    """One Allow or Deny of a policy."""

    node: Node
    allows: bool
    actions: tuple[str, ...]
    negated: bool
    known: bool
    resources: tuple[Node, ...]

    def names(self, action: str) -> bool:
        wanted = action.lower()
        listed = wanted in self._names or any(fnmatchcase(wanted, pattern) for pattern in self._patterns)
        return listed != self.negated

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(action.lower() for action in self.actions)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(action for action in self._names if "*" in action or "?" in action)

    def concerns(self, resource: Resource | None) -> bool | None:
        """Whether the statement's resources include this one; None if that is unknown."""
        if resource is None or self.node["NotResource"].given or not self.resources:
            return True
        verdicts = [_concerns(node.text, resource) for node in self.resources]
        return True if True in verdicts else None if None in verdicts else False

    @property
    def conditional(self) -> bool:
        """Whether a Condition limits the statement."""
        return self.node["Condition"].given

    @property
    def allows_everything(self) -> bool:
        """Whether every action, or all but some, is allowed on every resource, without a condition."""
        everywhere = any(node.literal == "*" for node in self.resources)
        every_action = self.negated or bool({"*", "*:*"} & set(self.actions))
        return self.allows and everywhere and every_action and not self.conditional

    @property
    def condition_keys(self) -> set[str]:
        """The condition keys in lower case, whatever the operator."""
        operators = self.node["Condition"]
        return {key.lower() for operator in operators.keys for key in operators[operator].keys}


def _concerns(value: Text | None, resource: Resource) -> bool | None:
    if value is None:
        return None
    if value.literal == "*" or any(
        ref.name == resource.id and ref.attribute in ("", "Arn", "Id") for ref in value.refs
    ):
        return True
    if resource.type == "AWS::SecretsManager::Secret":
        return _covers_secret(value, resource)
    if any(ref.name == resource.id for ref in value.refs):
        return True
    # Two resources of the template are different; a literal ARN or a parameter may be any resource.
    others = [ref.name for ref in value.refs if not ref.name.startswith("AWS::")]
    if len(value.parts) <= 2 and others and all(name in resource.stack.resources for name in others):
        return False
    return None


def _covers_secret(value: Text, secret: Resource) -> bool | None:
    """Whether a literal ARN matches a secret, whose ARN ends with its name, a hyphen and six random characters.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
    """
    if "*" in value.plain or "?" in value.plain or ":secret:" not in value.plain:
        refs = [ref.name for ref in value.refs if not ref.name.startswith("AWS::")]
        named = refs and all(name in secret.stack.resources for name in refs)
        others = len(value.parts) <= 2 and named and all(name != secret.id for name in refs)
        return False if others else None
    spelled = marked(value).partition(":secret:")[2]
    name = secret.stack.name_of(secret)
    # The name without the suffix.
    return False if name is not None and same(secret.stack.expanded(unmarked(spelled, value)), name) else None


@dataclass(frozen=True)
class Grants:
    """The permissions of a role of the template. `complete`: whether all of them are in the template."""

    statements: tuple[Statement, ...]
    managed: tuple[str, ...]
    complete: bool

    def allow(self, action: str, resource: Resource | None = None) -> bool | None:
        """Whether the role may perform an action (on a resource); None if that is unknown."""
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.managed):
            return True
        unsure = not self.complete
        for statement in self.statements:
            if not statement.allows:
                continue
            if not statement.known:
                unsure = True
            if statement.names(action):
                concerned = statement.concerns(resource)
                if concerned:
                    return True
                unsure = unsure or concerned is None
        return None if unsure else False


def statements(document: Node) -> list[Statement]:
    """The statements of a policy document."""
    return document.stack.once(f"statements of {document.path}", lambda: _statements(document))


def _statements(document: Node) -> list[Statement]:
    found = []
    for node in document["Statement"].items:
        negated = node["NotAction"].given
        actions = node["NotAction" if negated else "Action"]
        found.append(
            Statement(
                node=node,
                allows=node["Effect"].literal == "Allow",
                actions=tuple(item.literal for item in actions.items if item.literal is not None),
                negated=negated,
                known=not node.opaque
                and (actions.listed or actions.literal is not None)
                and all(item.literal is not None for item in actions.items),
                resources=tuple(node["Resource"].items),
            )
        )
    return found


def documents(stack: Stack, owner: Resource) -> tuple[list[Node], list[str], bool]:
    """The policy documents of a role in the template, its AWS managed policies, and whether these are all."""
    found = [policy["PolicyDocument"] for policy in owner["Policies"].items]
    complete = not owner["Policies"].given or owner["Policies"].listed
    managed: list[str] = []
    arns = owner["ManagedPolicyArns"]
    complete = complete and (not arns.given or arns.listed)
    for item in arns.items:
        policy = stack.resource(item, "AWS::IAM::ManagedPolicy")
        name = managed_name(item.text)
        if policy is not None:
            found.append(policy["PolicyDocument"])
        elif name is not None:
            managed.append(name)
        else:
            complete = False
    for policy in stack.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for item in policy["Roles"].items:
            attached = stack.resource(item, "AWS::IAM::Role")
            if attached is owner:
                found.append(policy["PolicyDocument"])
            complete = complete and attached is not None
    for policy in stack.of("AWS::IAM::RolePolicy"):
        attached = stack.resource(policy["RoleName"], "AWS::IAM::Role")
        if attached is owner:
            found.append(policy["PolicyDocument"])
        complete = complete and attached is not None
    complete = complete and all(document["Statement"].given and not document.opaque for document in found)
    return found, managed, complete


def managed_name(value: Text | None) -> str | None:
    """The name of an AWS managed policy from its ARN, in any partition."""
    found = _MANAGED_ARN.search(str(value)) if value is not None else None
    return found[1] if found else None


def grants(stack: Stack, owner: Resource) -> Grants:
    return stack.once(f"grants of {owner.id}", lambda: _grants(stack, owner))


def _grants(stack: Stack, owner: Resource) -> Grants:
    found, managed, complete = documents(stack, owner)
    return Grants(
        statements=tuple(statement for document in found for statement in statements(document)),
        managed=tuple(action for name in managed for action in MANAGED.get(name, ())),
        complete=complete and all(name in MANAGED for name in managed),
    )


def policies(stack: Stack) -> list[Node]:
    """All identity policy documents of the template that grant permissions, without permissions boundaries."""
    return stack.once("identity policies", lambda: _policies(stack))


def _policies(stack: Stack) -> list[Node]:
    identities = stack.of("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
    found = [policy["PolicyDocument"] for owner in identities for policy in owner["Policies"].items]
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy")
    boundaries = [stack.resource(owner["PermissionsBoundary"], kinds[1]) for owner in identities]
    attached = [stack.resource(item, kinds[1]) for owner in identities for item in owner["ManagedPolicyArns"].items]
    for policy in stack.of(*kinds):
        owned = policy in attached or any(policy[owners].given for owners in ("Roles", "Users", "Groups"))
        if owned or policy not in boundaries:
            found.append(policy["PolicyDocument"])
    return found
