"""Updates of stacks: what replaces a resource, what does not, and which events say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.cloudformation.resource_types import PropertyPath, resource_type
from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.cloudformation import conform
from phoenix_cfn.local.aws.corrections import correction

_GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide"
_SCHEMA = "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html"

# Names that are unique within something else, which stays where the resource is replaced.
_IN_ONE_PLACE = ("AWS::ECS::Service",)


@correction("A property that is createOnly in the registry's schema replaces the resource", _SCHEMA)
def create_only_properties_replace() -> None:
    known = ministack.provisioners._replacing_change

    def replaces(kind: str, old: Any, new: Any) -> bool:
        if known(kind, old, new):
            return True
        found = resource_type(kind)
        if found is None:
            return False
        # Compared as the schema has them: "8080" and 8080 are the same port.
        sides = [conform(kind, each) for each in (old, new)]
        return any(
            [*_values(sides[0], path)] != [*_values(sides[1], path)]
            for path in found.create_only - found.read_only
            if path[0] in sides[0] or path[0] in sides[1]
        )

    for module in (ministack.provisioners, ministack.stacks):
        module._replacing_change = replaces


def _values(value: Any, path: PropertyPath) -> Iterator[Any]:
    """The values at a path, whose `*` stands for each member of a list."""
    if not path:
        yield value
    elif path[0] == "*":
        for each in value if isinstance(value, list) else ():
            yield from _values(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


@correction(
    "A replacement that keeps its name is refused, since the old resource has it until the end",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
)
def replacements_need_another_name() -> None:
    table = ministack.provisioners._CUSTOM_NAME_REPLACEMENT
    for kind, naming in NAMES.items():
        if naming.unique or kind in _IN_ONE_PLACE:
            table.setdefault(kind, {"name": naming.property})


@correction(
    "The events of an update name what it creates and what it changes; what stays as it is has none",
    f"{_GUIDE}/view-stack-events.html",
)
def events_say_what_happens() -> None:
    add, update = ministack.stacks._add_event, ministack.stacks._update_resource
    # By stack and logical id: the event with which an update reaches a resource, until it is known to change.
    reached: dict[tuple[str, str], tuple[str, ...]] = {}
    created: set[tuple[str, str]] = set()

    def record(stack_id: str, stack: str, name: str, kind: str, status: str, reason: str = "", *more: Any) -> None:
        event = (stack_id, stack, name, kind, status, reason, *more)
        key = (stack, name)
        if name == stack or not status.startswith("UPDATE_"):
            add(*event)
        elif status == "UPDATE_IN_PROGRESS" and name not in _resources(stack):
            created.add(key)
            add(stack_id, stack, name, kind, "CREATE_IN_PROGRESS", reason, *more)
        elif status == "UPDATE_IN_PROGRESS" and not reason:
            reached[key] = event
        elif key in created:
            created.discard(key)
            add(stack_id, stack, name, kind, status.replace("UPDATE_", "CREATE_"), reason, *more)
        elif reached.get(key) is None or status != "UPDATE_COMPLETE":
            # It has changed, or failed before it could.
            release(key)
            add(*event)
        else:
            del reached[key]

    def release(key: tuple[str, str]) -> None:
        if (earlier := reached.pop(key, None)) is not None:
            add(*earlier)

    def changed(kind: str, physical_id: str, old: Any, new: Any, stack: str, name: str = "", *rest: Any) -> Any:
        if conform(kind, old) != conform(kind, new):
            release((stack, name))
        return update(kind, physical_id, old, new, stack, name, *rest)

    def named(*positional: Any, **by_name: Any) -> None:
        record(*positional, *(by_name.get(key, "") for key in _LAST[len(positional) - 5 :]))

    ministack.stacks._add_event = named
    ministack.stacks._update_resource = changed


# The last parameters of MiniStack's function, which it also passes by name.
_LAST = ("reason", "physical_id", "detailed_status")


def _resources(stack: str) -> dict[str, Any]:
    found: dict[str, Any] = ministack.cloudformation._stacks[stack].get("_resources", {})
    return found
