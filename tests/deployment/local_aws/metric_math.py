"""Metric math: the part of CloudWatch's expression language that templates here use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


_FOLDS: dict[str, Callable[[list[float]], float]] = {"MAX": max, "MIN": min, "SUM": sum}


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The expression's datapoint from those of its metrics; None where one that it needs has none.

    ValueError for what is not implemented here, and for an id that no metric has.
    """
    return _value(ast.parse(expression, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise ValueError(f"metric math: no metric has the id {node.id}")
        return values[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left, values), _value(node.right, values)
        if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
            return None
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, values)
    raise ValueError(f"metric math: {ast.unparse(node)} is not implemented in the local CloudWatch")


def _call(name: str, arguments: list[ast.expr], values: Mapping[str, float | None]) -> float | None:
    if name == "FILL" and len(arguments) == 2:
        value = _value(arguments[0], values)
        return _value(arguments[1], values) if value is None else value
    if name in ("MAX", "MIN", "SUM") and len(arguments) == 1 and isinstance(arguments[0], ast.List):
        present = [each for item in arguments[0].elts if (each := _value(item, values)) is not None]
        return _FOLDS[name](present) if present else None
    raise ValueError(f"metric math: {name} is not implemented in the local CloudWatch")
