"""Metric math: the expressions of alarms and scaling policies, and their values."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.values import Text

# Where the syntax of metric math differs from Python's.
_SPELLINGS = ((r"&&|\bAND\b", " and "), (r"\|\||\bOR\b", " or "), (r"\^", "**"))
_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Queries:
    """The metric data queries of one alarm or policy, by their ids."""

    by_id: Mapping[str, Node]

    @classmethod
    def of(cls, node: Node) -> Queries:
        return cls({query["Id"].literal or "": query for query in node.items})

    @property
    def returned(self) -> list[str]:
        """The ids of the queries that return data."""
        return [name for name, query in self.by_id.items() if not query["ReturnData"].false]

    def watched(self) -> Iterator[tuple[Node, ast.expr]]:
        """The expressions that the returned data depend on, and their nodes."""
        pending, seen = self.returned, set(self.returned)
        while pending:
            node = self.by_id[pending.pop()]["Expression"]
            tree = parsed(node.text)
            if tree is None:
                continue
            yield node, tree
            used = [name for name in self.named_in(tree) if name not in seen]
            seen.update(used)
            pending.extend(used)

    def named_in(self, tree: ast.expr) -> list[str]:
        """The queries that an expression names, by id or by METRICS()."""
        found = []
        for part in ast.walk(tree):
            if isinstance(part, ast.Name) and part.id in self.by_id:
                found.append(part.id)
            elif isinstance(part, ast.Call) and _function(part) == "METRICS":
                wanted = [str(each.value) for each in part.args if isinstance(each, ast.Constant)]
                metrics = [name for name, query in self.by_id.items() if query["MetricStat"].given]
                found.extend(name for name in metrics if all(word in name for word in wanted))
        return found

    def namespaces(self, tree: ast.expr) -> set[str]:
        """The namespaces of the metrics that an expression depends on, as far as they are known."""
        found: set[str] = set()
        pending, seen = self.named_in(tree), set[str]()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            query = self.by_id[name]
            found.add(query.at("MetricStat", "Metric", "Namespace").literal or "")
            inner = parsed(query["Expression"].text)
            if inner is not None:
                pending.extend(self.named_in(inner))
            elif query["Expression"].given:
                # A Metrics Insights query contains the namespace.
                found.update(re.findall(r"\"?(AWS/\w+)", str(query["Expression"].text)))
        return found

    def constant(self, tree: ast.expr, depth: int = 0) -> bool:
        """Whether an expression is a single value, not a time series."""
        if isinstance(tree, ast.Name):
            query = self.by_id.get(tree.id) if depth <= len(self.by_id) else None
            inner = parsed(query["Expression"].text) if query is not None else None
            return inner is not None and self.constant(inner, depth + 1)
        if isinstance(tree, ast.UnaryOp):
            return self.constant(tree.operand, depth)
        if isinstance(tree, ast.BinOp):
            return self.constant(tree.left, depth) and self.constant(tree.right, depth)
        if isinstance(tree, ast.Call):
            # An aggregate of one time series is a number; of several, a time series.
            folds_one = _function(tree) in _FOLDS and not any(isinstance(each, ast.List) for each in tree.args)
            return folds_one or _function(tree) == "TIME_SERIES"
        return isinstance(tree, ast.Constant) and not isinstance(tree.value, str)

    def value(self, name: str, of: Mapping[str, float], depth: int = 0) -> float | None:
        """A query's datapoint for these values of metrics, with 1 for every other metric; None if it is not known."""
        if name in of:
            return of[name]
        query = self.by_id.get(name)
        if query is None or depth > len(self.by_id):
            return None
        if query["MetricStat"].given:
            return 1.0
        expression = query["Expression"].text
        tree = parsed(expression) if expression is not None and expression.literal is not None else None
        return None if tree is None else self._value(tree, of, depth)

    def _value(self, tree: ast.expr, of: Mapping[str, float], depth: int) -> float | None:
        if isinstance(tree, ast.Constant):
            return float(tree.value) if isinstance(tree.value, (int, float)) else None
        if isinstance(tree, ast.Name):
            return self.value(tree.id, of, depth + 1)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            inner = self._value(tree.operand, of, depth)
            return None if inner is None else -inner
        if isinstance(tree, ast.BinOp) and type(tree.op) in _ARITHMETIC:
            left, right = self._value(tree.left, of, depth), self._value(tree.right, of, depth)
            if left is None or right is None or (isinstance(tree.op, ast.Div) and right == 0):
                return None
            return _ARITHMETIC[type(tree.op)](left, right)
        if isinstance(tree, ast.Call) and tree.args:
            return self._call(_function(tree), tree.args, of, depth)
        return None

    def _call(self, function: str, arguments: list[ast.expr], of: Mapping[str, float], depth: int) -> float | None:
        first = arguments[0]
        if function == "PERIOD":
            # Application Auto Scaling uses periods of one minute.
            query = self.by_id.get(first.id) if isinstance(first, ast.Name) else None
            return (query.at("MetricStat", "Period").number if query is not None else None) or 60.0
        if function == "FILL":
            return self._value(first, of, depth)
        if function == "IF" and len(arguments) > 1:
            return self._value(arguments[1], of, depth)
        if function in _FOLDS:
            members = first.elts if isinstance(first, ast.List) else [first]
            values = [self._value(each, of, depth) for each in members]
            if _function(first) == "METRICS":
                values = [self.value(each, of) for each in self.named_in(first)]
            known = [each for each in values if each is not None]
            return _FOLDS[function](known) if known and len(known) == len(values) else None
        return None


def parsed(expression: Text | None) -> ast.expr | None:
    """The syntax tree of a metric math expression, with references as numbers. None if it cannot be parsed."""
    if expression is None:
        return None
    spelled = "".join(part if isinstance(part, str) else part.literal or "1" for part in expression.parts)
    for pattern, python in _SPELLINGS:
        spelled = re.sub(pattern, python, spelled)
    try:
        return ast.parse(spelled.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def calls(tree: ast.expr, function: str) -> Iterator[ast.Call]:
    """The calls of a function in an expression."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Call) and _function(part) == function:
            yield part


def _function(part: ast.AST) -> str:
    return part.func.id if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) else ""
