"""The scenarios of a template: combinations of its conditions, with the values of its parameters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from .evaluation import Scenario, comparison
from .functions import scalar
from .stack import Stack

MOST_SCENARIOS = 32

_NO_VALUES: Mapping[str, str] = {}


def stacks(
    template: Any, filename: str | None = None, values: Mapping[str, str] = _NO_VALUES, defaults: bool = True
) -> list[Stack]:
    """The template in each scenario of its conditions, the defaults first; at most MOST_SCENARIOS.

    `values` has the known parameters and pseudo parameters, the same in each scenario. Every other parameter that
    conditions compare with literals has each of these literals, its default, and, unless AllowedValues forbids it, a
    different value. Every other comparison is true in some scenarios and false in others. `defaults`: whether a
    parameter without a comparison has its default.
    """
    if not isinstance(template, dict):
        return []
    conditions = template.get("Conditions")
    names = list(conditions) if isinstance(conditions, dict) else []
    strings: dict[str, str] = {}
    seen: set[tuple[bool | None, ...]] = set()
    different: list[Stack] = []
    for scenario in _scenarios(template, values, defaults):
        stack = Stack(template, scenario, filename, strings)
        verdicts = tuple(stack.holds(name) for name in names)
        if verdicts not in seen:
            seen.add(verdicts)
            different.append(stack)
    return different


def _scenarios(template: dict[str, Any], values: Mapping[str, str], defaults: bool) -> Iterator[Scenario]:
    known = Stack(template, Scenario(values, defaults=False))
    parameters = known.parameters
    choices: dict[str, list[str | None]] = {}
    assumptions: set[str] = set()
    for arguments in _comparisons(template.get("Conditions")):
        if known.decides({"Fn::Equals": arguments}) is not None:
            continue
        name, literal = _parameter_and_literal(arguments)
        if name in parameters and name not in values:
            chosen = choices.setdefault(name, _choices(parameters[name]))
            if literal not in chosen and "AllowedValues" not in parameters[name]:
                chosen.append(literal)
        else:
            assumptions.add(comparison(arguments))
            choices.setdefault(comparison(arguments), ["true", "false"])
    for combination in _combinations(choices):
        chosen_values = {name: value for name, value in combination.items() if name not in assumptions}
        yield Scenario(
            values={**values, **{name: value for name, value in chosen_values.items() if value is not None}},
            others=frozenset(name for name, value in chosen_values.items() if value is None),
            comparisons={name: value == "true" for name, value in combination.items() if name in assumptions},
            defaults=defaults,
        )


def _comparisons(conditions: Any) -> Iterator[list[Any]]:
    """The arguments of each Fn::Equals in the conditions."""
    for raw in conditions.values() if isinstance(conditions, dict) else ():
        yield from _comparisons_in(raw)


def _comparisons_in(raw: Any, depth: int = 0) -> Iterator[list[Any]]:
    if isinstance(raw, dict) and depth < 20:
        for function, arguments in raw.items():
            if function == "Fn::Equals" and isinstance(arguments, list) and len(arguments) == 2:
                yield arguments
            elif isinstance(arguments, list):
                for argument in arguments:
                    yield from _comparisons_in(argument, depth + 1)


def _parameter_and_literal(arguments: list[Any]) -> tuple[str, str | None]:
    """The two sides of a comparison of a reference with a literal; the name is empty for other comparisons."""
    compared = [side.get("Ref") for side in arguments if isinstance(side, dict) and len(side) == 1]
    literals = [scalar(side) for side in arguments if scalar(side) is not None]
    if len(compared) == 1 and isinstance(compared[0], str) and len(literals) == 1:
        return compared[0], literals[0]
    return "", None


def _choices(parameter: dict[str, Any]) -> list[str | None]:
    """The values of a parameter, its default first; None is a value that differs from all compared ones."""
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
    if size <= MOST_SCENARIOS:
        for combination in itertools.product(*choices.values()):
            yield dict(zip(choices, combination, strict=True))
        return
    # Too many: the defaults, and each single change of them.
    base = {name: values[0] for name, values in choices.items()}
    yield base
    departures = ((name, value) for name, values in choices.items() for value in values[1:])
    for name, value in itertools.islice(departures, MOST_SCENARIOS - 1):
        yield {**base, name: value}
