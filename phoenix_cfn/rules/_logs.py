"""The log groups that a template declares, by name."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, same


def log_groups(stack: Stack) -> list[Resource]:
    return stack.of("AWS::Logs::LogGroup")


def undeclared(stack: Stack, name: Text | None) -> bool:
    """Whether a log group is known not to be declared in the template."""
    if name is None or stack.resource(name, "AWS::Logs::LogGroup") is not None:
        return False
    wanted = stack.expanded(name)
    if wanted is None or any(ref.name.startswith("Fn::") for ref in wanted.refs):
        return False
    if wanted.reference is not None:
        # A parameter may be the name of another stack's log group, whatever its default.
        return False
    # CloudFormation generates the name of a log group without one: no literal can be equal.
    return all(
        not group["LogGroupName"].given or same(stack.name_of(group), wanted) is False for group in log_groups(stack)
    )


def comes_too_late(stack: Stack, writer: Resource, name: Text | None) -> bool:
    """Whether a writer may be created before its declared log group: it then creates the group, and the stack fails."""
    wanted = stack.expanded(name)
    groups = [group for group in log_groups(stack) if same(stack.name_of(group), wanted)]
    return bool(groups) and not stack.waits_for(writer, {group.id for group in groups})
