"""References of a template to its resources, parameters and conditions, and to pseudo parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .functions import NO_VALUE, VARIABLE, sub_arguments


class Reference(NamedTuple):
    """One reference.

    `function` is Ref, Fn::GetAtt, Fn::Sub, DependsOn or Condition. `attribute` is that of Fn::GetAtt and Fn::Sub; it is
    empty if the reference is to the resource, parameter or condition itself.
    """

    path: tuple[str | int, ...]
    function: str
    target: str
    attribute: str = ""


def _undecided(_: Any) -> bool | None:
    return None


def references(
    raw: Any, path: tuple[str | int, ...] = (), holds: Callable[[Any], bool | None] = _undecided
) -> Iterator[Reference]:
    """The references in a value, in order.

    Of an Fn::If, only the branch that `holds` selects is read; if it is unknown, both are.
    """
    pending = [(raw, path)]
    while pending:
        node, place = pending.pop()
        if isinstance(node, list):
            pending.extend((node[index], (*place, index)) for index in reversed(range(len(node))))
        elif isinstance(node, dict):
            below: list[tuple[Any, tuple[str | int, ...]]] = []
            for key, value in node.items():
                here = (*place, key)
                if key == "Ref" and isinstance(value, str):
                    if value != NO_VALUE:
                        yield Reference(here, key, value)
                elif key == "Condition" and isinstance(value, str) and len(node) == 1:
                    yield Reference(here, key, value)
                elif key == "Fn::GetAtt":
                    yield from _attribute(value, here)
                    below += [(value, here)] if isinstance(value, list) else []
                elif key == "Fn::Sub":
                    yield from _variables(value, here)
                    below.append((value, here))
                elif key == "Fn::If" and isinstance(value, list) and len(value) == 3:
                    if isinstance(value[0], str):
                        yield Reference((*here, 0), "Condition", value[0])
                    decided = holds(value[0])
                    below += [(value[index], (*here, index)) for index in (1, 2) if decided is not (index == 2)]
                else:
                    below.append((value, here))
            pending.extend(reversed(below))


def _attribute(value: Any, path: tuple[str | int, ...]) -> Iterator[Reference]:
    if isinstance(value, str):
        target, _, attribute = value.partition(".")
        yield Reference(path, "Fn::GetAtt", target, attribute)
    elif isinstance(value, list) and value and isinstance(value[0], str):
        names = [name for name in value[1:] if isinstance(name, str)]
        yield Reference(path, "Fn::GetAtt", value[0], ".".join(names))


def _variables(value: Any, path: tuple[str | int, ...]) -> Iterator[Reference]:
    pattern, own = sub_arguments(value)
    for escaped, name in VARIABLE.findall(pattern) if isinstance(pattern, str) else ():
        if not escaped and name not in own:
            target, _, attribute = name.partition(".")
            yield Reference(path, "Fn::Sub", target, attribute)


def names_in(raw: Any) -> set[str]:
    """The resources, parameters and pseudo parameters that a value refers to, in any scenario."""
    return {reference.target for reference in references(raw) if reference.function != "Condition"}
