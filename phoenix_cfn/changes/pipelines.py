"""A pipeline beside a template: which parameters it passes, and whether its role can deploy what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, parse_json
from phoenix_cfn.errors import PhoenixError

from .outcomes import Outcome
from .sides import Side
from .surroundings import Finding

_PIPELINE = "AWS::CodePipeline::Pipeline"
_MOST_NAMED = 8


def passed(stacks: list[Stack], file_name: str) -> frozenset[str] | None:
    """The parameters that a pipeline of these stacks passes to the template of this file name; None without one."""
    for stack in stacks:
        for configuration in _deployments(stack):
            path = configuration["TemplatePath"].literal or ""
            if path.rpartition("::")[2].rpartition("/")[2] == file_name:
                return _names(configuration["ParameterOverrides"])
    return None


def deploys_with_role(stacks: list[Stack], file_name: str) -> bool:
    """Whether a pipeline of these stacks deploys the template with a role of its own stack."""
    for stack in stacks:
        for configuration in _deployments(stack):
            path = configuration["TemplatePath"].literal or ""
            if path.rpartition("/")[2] == file_name and stack.resource(configuration["RoleArn"]) is not None:
                return True
    return False


def _deployments(stack: Stack) -> Iterator[Node]:
    for pipeline in stack.of(_PIPELINE):
        for stage in pipeline["Stages"].items:
            for action in stage["Actions"].items:
                if action.at("ActionTypeId", "Provider").literal == "CloudFormation":
                    yield action["Configuration"]


def _names(overrides: Node) -> frozenset[str] | None:
    if not overrides.given:
        return frozenset()
    text: Text | None = overrides.text
    parsed = parse_json(text) if text is not None else None
    return frozenset(map(str, parsed)) if isinstance(parsed, dict) else None


def role(old: Side, new: Side, with_role: bool) -> Iterator[Finding]:
    """What the role that deploys needs for the new template and did not for the old one.

    `with_role`: another stack has the role, which must then be updated first.
    """
    if old.stack.template.get("Resources") == new.stack.template.get("Resources"):
        return
    # Not above: what it imports takes longer than a comparison.
    from phoenix_cfn.iam.deploy import deploy_permissions

    try:
        before, after = (
            {
                (action, resource)
                for permission in deploy_permissions(side.stack.template, side.stack.scenario.values)
                for action in permission.actions
                for resource in permission.resources
            }
            for side in (old, new)
        )
    except (PhoenixError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, PhoenixError) else type(error).__name__
        yield Finding(
            "role", "deploy role", Outcome.UNKNOWN, f"whether it needs more than before is not known: {reason}"
        )
        return
    added = sorted({action for action, _ in after} - {action for action, _ in before})
    wider = sorted({action for action, _ in after - before} - set(added))
    first = "; update the stack that has the role first" if with_role else ""
    if added:
        yield Finding("role", "deploy role", Outcome.UPDATED, f"it needs {_listed(added)}{first}")
    if wider:
        yield Finding("role", "deploy role", Outcome.UPDATED, f"it needs {_listed(wider)} on more resources{first}")


def _listed(actions: list[str]) -> str:
    more = len(actions) - _MOST_NAMED
    return ", ".join(actions[:_MOST_NAMED]) + (f" and {more} more actions" if more > 0 else "")


def imported(templates: Mapping[str, Stack], besides: str) -> frozenset[str]:
    """The names that the other templates import, as far as they are known."""
    found: set[str] = set()
    for name, stack in templates.items():
        pending: list[Any] = [stack.template] if name != besides else []
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                text = stack.text(node["Fn::ImportValue"]) if "Fn::ImportValue" in node else None
                if text is not None:
                    found.add(text.literal if text.literal is not None else str(text))
                pending.extend(node.values())
            elif isinstance(node, list):
                pending.extend(node)
    return frozenset(found)
