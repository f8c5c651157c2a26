"""IAM for what AWS's services do themselves: CloudFormation, ECS and CodeBuild act with a role, and so do they here.

API calls need nothing of this: with AUTH=true MiniStack checks their signatures and policies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from phoenix_cfn.local import clients
from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.settings import settings


class AccessDenied(ValueError):
    """A role lacks a permission; the message is worded as AWS words it. ValueError fails a resource in MiniStack."""


def allows(role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether the role's policies allow the action on the resource; `context` holds condition keys."""
    evaluator = ministack.iam_evaluator
    request = evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=ministack.account(),
        action=action,
        resource_arn=resource,
        region=ministack.region(),
        secure_transport=True,
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )
    name = role_arn.rsplit("/", 1)[-1]
    boundary = evaluator._permissions_boundary(ministack.iam._roles, name, ministack.account())
    return bool(evaluator.evaluate(request, _policies(role_arn), *boundary).decision == "Allow")


def allows_somewhere(role_arn: str, action: str) -> bool:
    """Whether any statement allows the action, be it on a single resource or under a condition."""
    statements = [statement for policy in _policies(role_arn) for statement in policy if statement.effect == "Allow"]
    matches = ministack.iam_evaluator._action_matches
    return any(matches(action, statement.actions, statement.not_actions) for statement in statements)


def require(role_arn: str, actions: Iterable[str], resource: str, context: Mapping[str, str] | None = None) -> None:
    """AccessDenied for the first action that the role may not do."""
    for action in actions:
        if not allows(role_arn, action, resource, context):
            raise AccessDenied(
                f"User: {role_arn} is not authorized to perform: {action} on resource: {resource} "
                "because no identity-based policy allows the action"
            )


def credentials(role_arn: str, service: str) -> dict[str, str]:
    """A session of the role, for `service` such as "codebuild.amazonaws.com"; AccessDenied where its trust policy says
    no.
    """
    name = role_arn.rsplit("/", 1)[-1]
    role = ministack.iam._roles.get(name)
    if role is None:
        raise AccessDenied(f"The role with name {name} cannot be found.")
    if not document_allows(role["AssumeRolePolicyDocument"], service, "sts:AssumeRole"):
        raise AccessDenied(f"{service} is not authorized to assume role {role_arn}")
    digest = hashlib.sha256(f"{role_arn} {service}".encode()).hexdigest()
    session = {
        "Arn": f"arn:aws:sts::{ministack.account()}:assumed-role/{name}/{service.split('.')[0]}",
        "UserId": f"{name}:{service.split('.')[0]}",
        "SecretAccessKey": digest[16:56],
        "SessionToken": digest,
    }
    key = f"ASIA{digest[:16].upper()}"
    ministack.sts.register_session(key, session)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }


def client(service: str, role_arn: str, principal: str) -> Any:
    """A boto3 client that acts with the role, as the service `principal` does on AWS."""
    keys = {name.lower(): value for name, value in credentials(role_arn, principal).items()}
    return clients.client(service, endpoint_url=settings().endpoint, region_name=ministack.region(), **keys)


def _policies(role_arn: str) -> list[list[Any]]:
    name = role_arn.rsplit("/", 1)[-1]
    return list(ministack.iam_evaluator._gather_role_policies(name, ministack.account()))


def document_allows(document: Any, service: str, action: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether a policy on a resource (a role's trust, a key, a topic) lets a service of this account do the action."""
    evaluator = ministack.iam_evaluator
    keys = {"aws:sourceaccount": ministack.account(), **(context or {})}
    request = evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=ministack.account(),
        action=action,
        resource_arn="*",
        region=ministack.region(),
        secure_transport=True,
        service_context={key.lower(): value for key, value in keys.items()},
    )
    allowed = False
    for statement in _list(_parsed(document).get("Statement")):
        principal = statement.get("Principal")
        services = _list(principal.get("Service")) if isinstance(principal, dict) else _list(principal)
        if (
            (service in services or "*" in services)
            and evaluator._action_matches(action, _list(statement.get("Action")), _list(statement.get("NotAction")))
            and evaluator._conditions_met(statement.get("Condition", {}), request)
        ):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _parsed(document: Any) -> dict[str, Any]:
    return dict(json.loads(document)) if isinstance(document, str) else dict(document)


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
