"""IAM roles in a template: the services that use a role, and the services that it trusts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .nodes import Node, Resource
from .policies import grants, statements
from .stack import Stack


def role(stack: Stack, node: Node) -> Resource | None:
    return stack.resource(node, "AWS::IAM::Role")


def trusted(owner: Resource) -> list[str] | None:
    """The services that may assume a role; None if they are unknown."""
    names: list[str] = []
    for statement in statements(owner["AssumeRolePolicyDocument"]):
        node = statement.node
        if node["Effect"].literal == "Deny" or (statement.known and not statement.names("sts:AssumeRole")):
            continue
        principal = node["Principal"]
        if principal.opaque and principal.literal != "*":
            return None
        for item in principal["Service"].items:
            value = item.text
            if value is None:
                return None
            # The domain may be AWS::URLSuffix; the service is the first label.
            names.append(str(value).replace("${AWS::URLSuffix}", "amazonaws.com"))
    return names if owner.at("AssumeRolePolicyDocument", "Statement").given else None


def trusts(owner: Resource, service: str) -> bool | None:
    names = trusted(owner)
    if names is None or any("${" in name for name in names):
        return None
    return any(name.startswith(service + ".") for name in names)


@dataclass(frozen=True)
class Use:
    """The use of a role: the place of the reference, the role, the service that assumes it, and the resource."""

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
    """All uses of the template's roles by services."""
    return stack.once("uses of roles", lambda: _uses(stack))


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


def lacking(stack: Stack, node: Node, needed: Iterable[str]) -> tuple[Resource, list[str]] | None:
    """The role at this node, and the actions that it is known to lack; None if it is not known to lack one."""
    owner = role(stack, node)
    lacked = [action for action in needed if grants(stack, owner).allow(action) is False] if owner is not None else []
    return (owner, lacked) if owner is not None and lacked else None
