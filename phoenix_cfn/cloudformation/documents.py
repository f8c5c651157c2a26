"""Parses templates and other documents: YAML with CloudFormation's short forms, or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from phoenix_cfn.errors import PhoenixError

MOST_NODES = 250_000
"""The maximum number of values in a document with expanded YAML aliases; the limit of cfn-lint.

Nested aliases can expand to more values than fit into memory, and an alias that contains itself is infinite.
"""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of PyYAML by libyaml, or the slower one if PyYAML has no libyaml."""


class _Loader(LOADER):  # type: ignore[misc, valid-type]
    """YAML as in CloudFormation: short forms of functions are converted to long forms, and dates are strings."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in LOADER.yaml_implicit_resolvers.items()
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


class TemplateError(PhoenixError):
    """A file that is not a CloudFormation template, or is not readable."""


def _refused(name: object, found: str) -> TemplateError:
    return TemplateError(
        f"{name} is not a CloudFormation template: {found}. "
        "Use a file in YAML or JSON with a Resources section that has at least one resource."
    )


def read_template(path: Path) -> dict[str, Any]:
    """The template in a file. Raises TemplateError."""
    try:
        return template_in(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TemplateError(f"cannot read {path}: {reason}. Use a file that exists and is readable.") from error
    except UnicodeDecodeError as error:
        raise _refused(path, "it is not UTF-8 text") from error


# The other sections with named values.
_OBJECTS = ("Parameters", "Mappings", "Conditions", "Outputs", "Metadata", "Rules")


def template_in(content: str, name: object) -> dict[str, Any]:
    """Parses a template. `name` identifies the text in errors. Raises TemplateError.

    Resources are objects with a Type, or loops (Fn::ForEach) and transforms that create resources.
    """
    try:
        if content.lstrip().startswith("{"):
            data = json.loads(content, object_pairs_hook=_without_duplicates)
        else:
            data = yaml.load(content, _StrictLoader)
    except RecursionError as error:
        raise _refused(name, "it is nested too deeply") from error
    except (ValueError, yaml.YAMLError) as error:
        raise _refused(name, _one_line(error)) from error
    if not _is_bounded(data):
        raise _refused(name, f"with expanded aliases, it has more than {MOST_NODES:,} values")
    resources = data.get("Resources") if isinstance(data, dict) else None
    if not resources:
        raise _refused(name, "it has no Resources")
    for section in ("Resources", *_OBJECTS):
        if not isinstance(data.get(section, {}), dict):
            raise _refused(name, f"its {section} are not an object")
    for parameter, declared in data.get("Parameters", {}).items():
        if not isinstance(declared, dict):
            raise _refused(name, f"the parameter {parameter} is not an object")
    for logical_id, resource in resources.items():
        if str(logical_id).startswith("Fn::"):
            continue
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise _refused(name, f"the resource {logical_id} has no Type")
        if not isinstance(resource.get("Properties", {}), dict):
            raise _refused(name, f"the Properties of the resource {logical_id} are not an object")
    found: dict[str, Any] = data
    return found


class _StrictLoader(_Loader):
    """A loader that raises an error for a duplicate key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"the key {key.value} occurs twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise ValueError(f"the key {twice} occurs twice")
    return found


def _one_line(error: ValueError | yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{problem} in line {mark.line + 1}" if mark is not None else " ".join(problem.split())


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
