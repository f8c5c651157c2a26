"""How a correction adds to what MiniStack does for a resource type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phoenix_cfn.local.aws import ministack

Properties = dict[str, Any]


def extend(
    resource_type: str,
    before: Callable[[Properties], None] = lambda properties: None,
    after: Callable[[str, Properties], None] = lambda physical_id, properties: None,
) -> None:
    """Creation and update first call `before`, which refuses by ValueError, and last `after` with the physical id."""
    handler = ministack.handlers[resource_type]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: Properties, stack: str) -> Any:
        before(properties)
        answer = create(logical_id, properties, stack)
        after(answer[0], properties)
        return answer

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        before(new)
        answer = update(physical_id, old, new, *rest)
        after(answer[0], new)
        return answer

    ministack.handlers[resource_type] = {**handler, "create": created, "update": updated}
