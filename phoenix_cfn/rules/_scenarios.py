"""The scenarios of a template: which conditions hold together, and what its parameters are then known to be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from ._template import Stack, atom, scalar

_MOST_SCENARIOS = 32


def _comparisons(raw: Any, depth: int = 0) -> Iterator[list[Any]]:
    if isinstance(raw, dict) and depth < 20:
        for function, arguments in raw.items():
            if function == "Fn::Equals" and isinstance(arguments, list) and len(arguments) == 2:
                yield arguments
            elif isinstance(arguments, list):
                for argument in arguments:
                    yield from _comparisons(argument, depth + 1)


def stacks(template: Any, filename: str | None) -> list[Stack]:
    """The template in each scenario that its conditions tell apart, the defaults' first; at most 32 of them.

    A parameter that conditions compare with literals takes each of these values, its default, and, unless
    AllowedValues forbids it, one that is none of them. Any other comparison holds in some scenarios and not in others.
    """
    if not isinstance(template, dict):
        return []
    conditions = template.get("Conditions")
    parameters = template.get("Parameters")
    choices: dict[str, list[str | None]] = {}
    if isinstance(conditions, dict):
        for arguments in itertools.chain.from_iterable(_comparisons(raw) for raw in conditions.values()):
            compared = [side.get("Ref") for side in arguments if isinstance(side, dict) and len(side) == 1]
            literals = [scalar(side) for side in arguments if scalar(side) is not None]
            name = compared[0] if len(compared) == 1 else None
            parameter = parameters.get(name) if isinstance(parameters, dict) and isinstance(name, str) else None
            if isinstance(name, str) and isinstance(parameter, dict) and len(literals) == 1:
                values = choices.setdefault(name, _values(parameter))
                if literals[0] not in values and "AllowedValues" not in parameter:
                    values.append(literals[0])
            else:
                choices.setdefault(atom(arguments), ["true", "false"])
    strings: dict[str, str] = {}
    made = [Stack(template, filename, values, strings) for values in _combinations(choices)]
    seen: set[tuple[bool | None, ...]] = set()
    different: list[Stack] = []
    for stack in made:
        verdicts = tuple(stack.holds(name) for name in conditions) if isinstance(conditions, dict) else ()
        if verdicts not in seen:
            seen.add(verdicts)
            different.append(stack)
    return different


def _values(parameter: dict[str, Any]) -> list[str | None]:
    default = scalar(parameter.get("Default"))
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list):
        values: list[str | None] = [scalar(value) for value in allowed]
        if default in values:
            values.remove(default)
            values.insert(0, default)
        return values or [None]
    return [None] if default is None else [default, None]


def _combinations(choices: dict[str, list[str | None]]) -> Iterator[dict[str, str | None]]:
    size = 1
    for values in choices.values():
        size *= len(values)
    if size <= _MOST_SCENARIOS:
        for combination in itertools.product(*choices.values()):
            yield dict(zip(choices, combination, strict=True))
        return
    # Too many: the defaults, and each departure from them on its own.
    base = {name: values[0] for name, values in choices.items()}
    yield base
    departures = ((name, value) for name, values in choices.items() for value in values[1:])
    for name, value in itertools.islice(departures, _MOST_SCENARIOS - 1):
        yield {**base, name: value}
