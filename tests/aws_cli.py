"""What the AWS CLI accepts, by botocore's models of the services, from which the CLI makes its own parser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from jmespath.exceptions import ParseError

# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html, with how many values each takes.
GLOBAL = {"query": 1, "output": 1, "region": 1, "profile": 1, "no-cli-pager": 0, "no-paginate": 0}
# Services that the CLI has under another name than botocore.
RENAMED = {"deploy": "codedeploy", "s3api": "s3"}
# Commands that the CLI has beside the operations, and their options. https://docs.aws.amazon.com/cli/latest/reference/
CUSTOM: dict[tuple[str, str], set[str]] = {
    ("ecr", "get-login-password"): set(),
    ("cloudformation", "deploy"): {
        *("template-file", "stack-name", "s3-bucket", "parameter-overrides", "capabilities", "tags", "role-arn"),
        *("no-execute-changeset", "no-fail-on-empty-changeset"),
    },
}

_VARIABLE = re.compile(r"\$")
_PLACEHOLDER = re.compile(r"^[A-Z][A-Z0-9-]*$")


class Refused(Exception):
    """What the AWS CLI would not accept, and why."""


def check(words: Sequence[str]) -> None:
    """Raises Refused unless service, operation, options, their values and the query are ones that the CLI accepts."""
    service, name, *rest = words
    if (service, name) in CUSTOM:
        _only(set(_options(rest)), CUSTOM[service, name] | set(GLOBAL))
        return
    waits = name == "wait"
    operation = _operation(service, rest.pop(0) if waits else name, waits)
    options = _options(rest)
    given = {name: values for name, values in options.items() if name not in GLOBAL}
    for name in set(options) & set(GLOBAL):
        if len(options[name]) != GLOBAL[name]:
            raise Refused(f"--{name}: found {len(options[name])} values; expected {GLOBAL[name]}")
    _check_input(operation.input_shape, given)
    if "query" in options:
        check_query(options["query"][0], operation.output_shape)


def spelled(member: str) -> str:
    """How the AWS CLI spells an operation, a waiter or a member of an operation's input."""
    text: str = xform_name(member, "-")
    return text


@cache
def _session() -> Any:
    return botocore.session.get_session()


def _operation(service: str, name: str, waits: bool) -> Any:
    try:
        model = _session().get_service_model(RENAMED.get(service, service))
    except UnknownServiceError:
        raise Refused(f"found no service {service!r}") from None
    if waits:
        waiters = _session().get_waiter_model(RENAMED.get(service, service))
        found = [waiters.get_waiter(each).operation for each in waiters.waiter_names if spelled(each) == name]
    else:
        found = [each for each in model.operation_names if spelled(each) == name]
    if not found:
        raise Refused(f"found no {'waiter' if waits else 'operation'} {name!r} in {service}")
    return model.operation_model(found[0])


def _options(words: Sequence[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    values: list[str] | None = None
    for word in words:
        if word.startswith("--"):
            values = options.setdefault(word[2:], [])
        elif values is None:
            raise Refused(f"found the argument {word!r}; expected an option")
        else:
            values.append(word)
    return options


def _only(found: set[str], expected: set[str]) -> None:
    if found - expected:
        raise Refused(f"found the option --{min(found - expected)}; expected one of {', '.join(sorted(expected))}")


def _check_input(shape: Any, given: dict[str, list[str]]) -> None:
    members = {} if shape is None else {spelled(name): member for name, member in shape.members.items()}
    switches = {f"no-{name}" for name, member in members.items() if member.type_name == "boolean"}
    _only(set(given), set(members) | switches)
    missing = {spelled(name) for name in (shape.required_members if shape is not None else ())} - set(given)
    if missing:
        raise Refused(f"found no --{min(missing)}; the operation requires it")
    for name, values in given.items():
        member = members.get(name)
        if member is None or member.type_name == "boolean":
            if values:
                raise Refused(f"--{name}: found the value {values[0]!r}; expected none")
        elif not values or (len(values) > 1 and member.type_name not in ("list", "map")):
            raise Refused(f"--{name}: found {len(values)} values; expected {'some' if not values else 'one'}")
        else:
            for value in values:
                _check_value(f"--{name}", value, member)


def _check_value(name: str, value: str, shape: Any) -> None:
    """A value as the CLI takes it: plain, JSON, or its shorthand `Key=value,Key=value`."""
    if _VARIABLE.search(value) or _PLACEHOLDER.match(value) or value.startswith(("file://", "fileb://")):
        return
    if value.startswith(("{", "[")) and shape.type_name in ("structure", "list", "map"):
        _check_json(name, json.loads(value), shape)
    elif shape.type_name == "list":
        _check_value(name, value, shape.member)
    elif shape.type_name == "structure":
        keys = re.findall(r"(?:^|,)([A-Za-z0-9]+)=", value)
        if not keys:
            raise Refused(f"{name}: found {value!r}; expected Key=value")
        _check_keys(name, keys, shape)
    elif shape.type_name in ("integer", "long") and not value.isdigit():
        raise Refused(f"{name}: found {value!r}; expected a number")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        raise Refused(f"{name}: found {value!r}; expected one of {', '.join(shape.enum)}")


def _check_json(name: str, value: Any, shape: Any) -> None:
    if isinstance(value, list) and shape.type_name == "list":
        for each in value:
            _check_json(name, each, shape.member)
    elif isinstance(value, dict) and shape.type_name == "structure":
        _check_keys(name, value, shape)
        for key, each in value.items():
            _check_json(f"{name}.{key}", each, shape.members[key])
    elif isinstance(value, str):
        _check_value(name, value, shape)


def _check_keys(name: str, keys: Any, shape: Any) -> None:
    unknown = sorted(set(keys) - set(shape.members))
    if unknown:
        raise Refused(f"{name}: found the key {unknown[0]!r}; expected one of {', '.join(shape.members)}")
    missing = sorted(set(shape.required_members) - set(keys))
    if missing:
        raise Refused(f"{name}: found no key {missing[0]!r}; it is required")


def check_query(query: str, shape: Any) -> None:
    """Raises Refused unless the JMESPath expression, if it has no variables, names members that the output has."""
    if _VARIABLE.search(query):
        return
    try:
        tree = jmespath.compile(query).parsed
    except ParseError as error:
        raise Refused(f"--query {query!r}: {error}") from None
    _selected(tree, shape)


def _selected(node: dict[str, Any], shape: Any) -> Any:
    """The shape that an expression selects from a shape; None where it is not known, such as that of a function."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        if shape is None or shape.type_name == "map":
            return None if shape is None else shape.value
        if shape.type_name != "structure" or node["value"] not in shape.members:
            raise Refused(f"--query: found no {node['value']!r} in {shape.name}")
        return shape.members[node["value"]]
    if kind in ("subexpression", "index_expression", "pipe"):
        for each in children:
            shape = _selected(each, shape)
        return shape
    if kind == "index":
        return _element(shape)
    if kind == "flatten":
        inner = _selected(children[0], shape)
        return _List(_element(_element(inner))) if _is_list(_element(inner)) else inner
    if kind in ("projection", "filter_projection"):
        return _projected(children, shape)
    if kind in ("identity", "current", "slice"):
        return shape
    for each in _expressions(children):
        _selected(each, shape)
    return None


def _projected(children: list[dict[str, Any]], shape: Any) -> Any:
    """A list stays one: what is selected of its elements is selected of the projection."""
    element = _element(_selected(children[0], shape))
    for each in children[2:]:
        _selected(each, element)
    return _List(_selected(children[1], element))


def _is_list(shape: Any) -> bool:
    return shape is not None and shape.type_name == "list"


def _element(shape: Any) -> Any:
    return shape.member if _is_list(shape) else None


def _expressions(children: Any) -> Iterator[dict[str, Any]]:
    return (each for each in children if isinstance(each, dict) and each["type"] != "literal")


class _List:
    """A list that a projection makes, in the form of botocore's shapes."""

    type_name = "list"
    name = "the list"

    def __init__(self, member: Any) -> None:
        self.member = member
