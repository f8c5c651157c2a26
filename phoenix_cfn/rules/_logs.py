"""Log groups: which ones the template declares, by name."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, same


def log_groups(stack: Stack) -> list[Resource]:
    return stack.of("AWS::Logs::LogGroup")


def undeclared(stack: Stack, name: Text | None) -> bool:
    """Whether a log group is known to be none of those that the template declares."""
    if name is None or stack.resource(name, "AWS::Logs::LogGroup") is not None:
        return False
    wanted = stack.expanded(name)
    if wanted is None or any(ref.name.startswith("Fn::") for ref in wanted.refs):
        return False
    if wanted.reference is not None:
        # A parameter may name a group of another stack, whatever its default.
        return False
    # A group without a name of its own gets one that nobody can have spelled.
    return all(
        not group["LogGroupName"].given or same(stack.name_of(group), wanted) is False for group in log_groups(stack)
    )


def comes_too_late(stack: Stack, writer: Resource, name: Text | None) -> bool:
    """Whether a declared log group is not made before its writer, which then makes it first: creating it fails."""
    wanted = stack.expanded(name)
    groups = [group for group in log_groups(stack) if same(stack.name_of(group), wanted)]
    return bool(groups) and not stack.waits_for(writer, {group.id for group in groups})
