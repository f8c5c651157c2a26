"""Templates and other documents as text: YAML with CloudFormation's short forms, or JSON, read as plain data."""

from __future__ import annotations

import json
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc, valid-type]
    """YAML whose short forms of intrinsic functions are read as their long ones."""


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
    """YAML or JSON as data; None if it is neither."""
    try:
        return json.loads(content) if content.lstrip().startswith("{") else yaml.load(content, _Loader)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
