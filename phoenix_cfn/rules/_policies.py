"""Which role runs what, whom it trusts, and what it may do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ._template import Node, Resource, Stack
from ._values import Text

MANAGED: dict[str, tuple[str, ...]] = {
    "service-role/AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    "service-role/AWSLambdaBasicExecutionRole": ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    "AdministratorAccess": ("*",),
    "CloudWatchLogsFullAccess": ("logs:*",),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonEC2ContainerRegistryPowerUser": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:Describe*",
        "ecr:List*",
        "ecr:Get*",
    ),
    "AmazonEC2ContainerRegistryFullAccess": ("ecr:*",),
    "SecretsManagerReadWrite": ("secretsmanager:*",),
}
"""What AWS's managed policies of these names allow, as far as a rule asks for it."""

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
        matches = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)
        return matches != self.negated

    def concerns(self, resource: Resource | None) -> bool | None:
        """Whether the statement's resources include this one; None where it cannot be known."""
        if resource is None or self.node["NotResource"].given or not self.resources:
            return True
        verdicts = [_concerns(node.text, resource) for node in self.resources]
        return True if True in verdicts else None if None in verdicts else False


def _concerns(value: Text | None, resource: Resource) -> bool | None:
    if value is None:
        return None
    if value.literal == "*" or any(ref.name == resource.id for ref in value.refs):
        return True
    # Another resource of the template is another resource; a spelled ARN or a parameter may be anything.
    others = [ref.name for ref in value.refs if not ref.name.startswith("AWS::")]
    if len(value.parts) <= 2 and others and all(name in resource.stack.resources for name in others):
        return False
    return None


@dataclass(frozen=True)
class Grants:
    """All that a role of the template is allowed; `complete` if nothing of it lies outside of the template."""

    statements: tuple[Statement, ...]
    managed: tuple[str, ...]
    complete: bool

    def allow(self, action: str, resource: Resource | None = None) -> bool | None:
        """Whether the role may do this (to this resource); None where the template does not tell."""
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


def role(stack: Stack, node: Node) -> Resource | None:
    return stack.resource(node, "AWS::IAM::Role")


def statements(document: Node) -> list[Statement]:
    """What a policy document allows and denies."""
    return document.stack.ask(f"statements of {document.path}", lambda: _statements(document))


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
    """The policy documents of a role in the template, AWS's managed policies it has, and whether this is all."""
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
    """The name of an AWS managed policy, by its ARN in any partition."""
    found = _MANAGED_ARN.search(str(value)) if value is not None else None
    return found[1] if found else None


def grants(stack: Stack, owner: Resource) -> Grants:
    return stack.ask(f"grants of {owner.id}", lambda: _grants(stack, owner))


def _grants(stack: Stack, owner: Resource) -> Grants:
    found, managed, complete = documents(stack, owner)
    return Grants(
        statements=tuple(statement for document in found for statement in statements(document)),
        managed=tuple(action for name in managed for action in MANAGED.get(name, ())),
        complete=complete and all(name in MANAGED for name in managed),
    )


def lacking(stack: Stack, node: Node, needed: Iterable[str]) -> Iterator[tuple[Resource, str]]:
    """The actions that the role named here is known to lack: the role, and each action."""
    owner = role(stack, node)
    for action in needed if owner is not None else ():
        if owner is not None and grants(stack, owner).allow(action) is False:
            yield owner, action


def policies(stack: Stack) -> list[Node]:
    """All identity policy documents of the template that grant something; a permissions boundary grants nothing."""
    return stack.ask("identity policies", lambda: _policies(stack))


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


def trusted(owner: Resource) -> list[str] | None:
    """The services that may assume a role; None where the trust policy does not tell."""
    names: list[str] = []
    for node in owner.at("AssumeRolePolicyDocument", "Statement").items:
        if node["Effect"].literal == "Deny":
            continue
        principal = node["Principal"]
        if principal.opaque and principal.literal != "*":
            return None
        for item in principal["Service"].items:
            value = item.text
            if value is None:
                return None
            # The domain may be spelled with AWS::URLSuffix; the service is the first label.
            names.append(str(value).replace("${AWS::URLSuffix}", "amazonaws.com"))
    return names if owner.at("AssumeRolePolicyDocument", "Statement").given else None


def trusts(owner: Resource, service: str) -> bool | None:
    names = trusted(owner)
    if names is None or any("${" in name for name in names):
        return None
    return any(name.startswith(service + ".") for name in names)


@dataclass(frozen=True)
class Use:
    """A role at work: the place that names it, the role, the service that assumes it, the resource it serves."""

    node: Node
    role: Resource
    service: str
    user: Resource


_PLACES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("AWS::ECS::TaskDefinition", ("ExecutionRoleArn",), "ecs-tasks"),
    ("AWS::ECS::TaskDefinition", ("TaskRoleArn",), "ecs-tasks"),
    ("AWS::CodeBuild::Project", ("ServiceRole",), "codebuild"),
    ("AWS::CodePipeline::Pipeline", ("RoleArn",), "codepipeline"),
    ("AWS::CodeDeploy::DeploymentGroup", ("ServiceRoleArn",), "codedeploy"),
    ("AWS::Lambda::Function", ("Role",), "lambda"),
    ("AWS::Backup::BackupSelection", ("BackupSelection", "IamRoleArn"), "backup"),
    ("AWS::EC2::FlowLog", ("DeliverLogsPermissionArn",), "vpc-flow-logs"),
)


def uses(stack: Stack) -> list[Use]:
    """Every place of the template where a service is given a role of the template."""
    return stack.ask("uses of roles", lambda: _uses(stack))


def _uses(stack: Stack) -> list[Use]:
    places = [(user, user.at(*keys), service) for kind, keys, service in _PLACES for user in stack.of(kind)]
    for rule in stack.of("AWS::Events::Rule"):
        places += [(rule, target["RoleArn"], "events") for target in rule["Targets"].items]
    for pipeline in stack.of("AWS::CodePipeline::Pipeline"):
        for stage in pipeline["Stages"].items:
            for action in stage["Actions"].items:
                if action.at("ActionTypeId", "Provider").literal == "CloudFormation":
                    places.append((pipeline, action.at("Configuration", "RoleArn"), "cloudformation"))
    found = []
    for user, node, service in places:
        named = role(stack, node)
        if named is not None:
            found.append(Use(node, named, service, user))
    return found


def key_admits(key: Resource, owner: Resource) -> bool:
    """Whether a key's own policy may let a role use it, without the role's policy."""
    for statement in key.at("KeyPolicy", "Statement").items:
        if statement["Effect"].literal == "Deny":
            continue
        principals = [*statement["Principal"].items, *statement.at("Principal", "AWS").items]
        for principal in principals:
            value = principal.text
            if value is not None and (value.literal == "*" or any(ref.name == owner.id for ref in value.refs)):
                return True
    return not key["KeyPolicy"].given or key["KeyPolicy"].opaque


def service_admitted(document: Node, service: str) -> bool | None:
    """Whether a resource's policy lets an AWS service in; None where the policy is not known."""
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


def key_lets(key: Resource, service: str) -> bool | None:
    """Whether a key's policy lets an AWS service use it; the policy that a key has without one does not."""
    return service_admitted(key["KeyPolicy"], service) if key["KeyPolicy"].given else False


def key_of(stack: Stack, node: Node) -> Resource | None:
    """The key of the template that a KmsKeyId names, by itself or by an alias."""
    named = stack.resource(node, "AWS::KMS::Key", "AWS::KMS::Alias")
    if named is not None and named.type == "AWS::KMS::Alias":
        return stack.resource(named["TargetKeyId"], "AWS::KMS::Key")
    return named
