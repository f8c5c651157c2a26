"""Metric math: the part of CloudWatch's expression language that templates here use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FOLDS: dict[str, Callable[[list[float]], float]] = {"MAX": max, "MIN": min, "SUM": sum}


@dataclass(frozen=True)
class _Series:
    """A time series in one period: its datapoint there, None where it has none. A plain float is a scalar."""

    point: float | None


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The expression's datapoint in one period, from those of its metrics; None where there is none.

    ValueError for what is not implemented here, and for an id that no metric has.
    """
    return _point(_value(_parsed(expression).body, values))


@cache
def names(expression: str) -> frozenset[str]:
    """The ids of metrics and of other expressions that an expression names."""
    tree = _parsed(expression)
    called = {each.func for each in ast.walk(tree) if isinstance(each, ast.Call)}
    return frozenset(each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and each not in called)


@cache
def _parsed(expression: str) -> ast.Expression:
    """Alarms and scaling evaluate the same few expressions several times a second."""
    return ast.parse(expression, mode="eval")


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float | _Series:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise ValueError(f"metric math: no metric has the id {node.id}")
        return _Series(values[node.id])
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _combined(type(node.op), _value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, values)
    raise ValueError(f"metric math: {ast.unparse(node)} is not implemented in the local CloudWatch")


def _combined(kind: type[ast.operator], left: float | _Series, right: float | _Series) -> float | _Series:
    """Basic arithmetic: a missing value counts as 0 where another series has one; a division by 0 has no result."""
    series = [each for each in (left, right) if isinstance(each, _Series)]
    if series and all(each.point is None for each in series):
        return _Series(None)
    first, second = (_point(each) or 0.0 for each in (left, right))
    if kind is ast.Div and second == 0:
        return _Series(None)
    result = _OPERATORS[kind](first, second)
    return _Series(result) if series else result


def _call(name: str, arguments: list[ast.expr], values: Mapping[str, float | None]) -> _Series:
    if name == "FILL" and len(arguments) == 2:
        # Also the newest periods, whose data are only late.
        value = _value(arguments[0], values)
        return _Series(_point(_value(arguments[1], values)) if _point(value) is None else _point(value))
    if name in ("MAX", "MIN", "SUM") and len(arguments) == 1 and isinstance(arguments[0], ast.List):
        points = [_point(_value(item, values)) for item in arguments[0].elts]
        present = [each for each in points if each is not None]
        return _Series(_FOLDS[name](present) if present else None)
    raise ValueError(f"metric math: {name} is not implemented in the local CloudWatch")


def _point(value: float | _Series) -> float | None:
    return value.point if isinstance(value, _Series) else value
