"""Templates and other documents as text: YAML with CloudFormation's short forms, or JSON, read as plain data."""

from __future__ import annotations

import json
from typing import Any

import yaml

MOST_NODES = 250_000
"""The most values of a document once its YAML aliases are expanded; cfn-lint reads no more either.

A few aliases of aliases stand for more values than memory holds, and one that contains itself never ends.
"""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc, valid-type]
    """YAML as CloudFormation reads it: short forms of functions are read as their long ones, dates are strings."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _LOADER.yaml_implicit_resolvers.items()
    }


def _long_form(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def parse(content: str) -> Any:
    """YAML or JSON as data; None if it is neither, or if it has more than MOST_NODES values."""
    try:
        data = json.loads(content) if content.lstrip().startswith("{") else yaml.load(content, _Loader)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return data if _is_bounded(data) else None


def _is_bounded(data: Any) -> bool:
    pending, seen = [data], 0
    while pending:
        node = pending.pop()
        seen += 1
        if isinstance(node, (dict, list)):
            pending.extend(node.values() if isinstance(node, dict) else node)
            if seen + len(pending) > MOST_NODES:
                return False
    return True
