"""Groups of typed choices, read from plain data. All mistakes are reported at once, each with its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from phoenix_cfn.errors import Mistake


def read(
    kind: type[Struct], found: Mapping[str, Any], moved: Mapping[str, str]
) -> tuple[dict[str, Any], list[Mistake]]:
    """The arguments for `kind` from plain data, such as a parsed TOML file, and the mistakes in the data.

    `moved`: the new keys of choices by their keys in an earlier version, such as {"cpu": "service.cpu"}.
    """
    return _read(kind, found, "", lambda: {**_places(kind), **moved})


def mistakes(chosen: Struct, prefix: str = "") -> Iterator[Mistake]:
    """The values of the wrong type or out of range, of choices that were made in Python."""
    for field in fields_of(type(chosen)):
        key, value = prefix + field.name, getattr(chosen, field.name)
        if value is field.default:
            continue
        if _is_group(field.type) and isinstance(value, field.type):
            yield from mistakes(value, f"{key}.")
        else:
            yield from _judged(key, value, field)


# Cached: msgspec evaluates the annotations of a class in each call.
@cache
def fields_of(kind: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The choices and the groups in a group."""
    return msgspec.structs.fields(kind)


def _read(
    kind: type[Struct], found: Mapping[str, Any], prefix: str, places: Callable[[], Mapping[str, str]]
) -> tuple[dict[str, Any], list[Mistake]]:
    fields = {field.name: field for field in fields_of(kind)}
    usable: dict[str, Any] = {}
    wrong: list[Mistake] = []
    for key, value in found.items():
        field = fields.get(key)
        if field is None:
            wrong.append(_unknown(prefix, key, value, list(fields), places()))
        elif _is_group(field.type) and isinstance(value, Mapping):
            inner, mistaken = _read(field.type, value, f"{prefix}{key}.", places)
            usable[key] = field.type(**inner)
            wrong += mistaken
        elif misused := list(_judged(prefix + key, value, field)):
            wrong += misused
        else:
            usable[key] = msgspec.convert(value, field.type)
    return usable, wrong


# Keys that users look for among the settings, and the parameters of the stacks that have these values.
_PARAMETERS = {
    ("domain", "domain_name"): "DomainName",
    ("hosted_zone", "hosted_zone_id", "zone", "zone_id"): "HostedZoneId",
    ("certificate", "certificate_arn"): "CertificateArn",
    ("vpc", "vpc_id"): "VpcId",
    ("subnets", "subnet_ids", "public_subnets", "private_subnets"): "PublicSubnetA",
    ("snapshot", "snapshot_id"): "DatabaseSnapshot",
    ("secret_arn", "connection_string"): "DatabaseSecretArn",
    ("email", "notification_email"): "NotificationEmail",
    ("stage", "prefix"): "StagePrefix",
}


def _unknown(prefix: str, key: str, value: object, siblings: list[str], places: Mapping[str, str]) -> Mistake:
    written = prefix + key
    place = places.get(written) or places.get(key)
    if place:
        return Mistake(written, value, f"this setting as {place!r}", f"Move it: {_as_toml(place)}.")
    for words, parameter in _PARAMETERS.items():
        if key in words:
            expected = f"no such setting: it is the parameter {parameter} of the stacks, set for each stage"
            return Mistake(
                written, value, expected, "Remove it, and set the parameter when you create the pipeline stack."
            )
    # Not above: it takes long to load, and settings are seldom wrong.
    import difflib

    close = difflib.get_close_matches(key, siblings, 1) or difflib.get_close_matches(key, places, 1)
    if close:
        meant = prefix + close[0] if close[0] in siblings else places[close[0]]
        return Mistake(written, value, f"a known setting, such as {meant!r}", "Correct or remove the key.")
    return Mistake(written, value, f"one of {', '.join(sorted(siblings))}", "Correct or remove the key.")


def _as_toml(place: str) -> str:
    group, _, key = place.rpartition(".")
    return f"write `{key} = ...` under `[{group}]`" if group else f"write `{key} = ...` above the first group"


def _judged(key: str, value: object, field: msgspec.structs.FieldInfo) -> Iterator[Mistake]:
    try:
        msgspec.convert(value, field.type)
    except msgspec.ValidationError:
        yield Mistake(key, list(value) if isinstance(value, tuple) else value, expected(field))
    else:
        # A pattern's `$` also matches before a line break at the end.
        if isinstance(value, str) and not value.isprintable():
            yield Mistake(key, value, expected(field))


def expected(field: msgspec.structs.FieldInfo) -> str:
    """The description of valid values; that of a type with `Meta(extra={"expected": ...})` is there."""
    kind, written = inspect.type_info(field.type), field.type
    if isinstance(kind, inspect.Metadata):
        if kind.extra and "expected" in kind.extra:
            return str(kind.extra["expected"])
        kind, written = kind.type, get_args(field.type)[0]
    if isinstance(kind, inspect.StructType):
        return f"a group: a table `[{field.name}]` with keys"
    if isinstance(kind, inspect.LiteralType):
        # In the order in which they are written: msgspec sorts them.
        return f"one of {', '.join(map(str, get_args(written)))}"
    if isinstance(kind, inspect.IntType):
        if kind.ge is not None and kind.le is not None:
            return f"a whole number from {kind.ge} to {kind.le}"
        return f"a whole number, {kind.ge} or more" if kind.ge is not None else "a whole number"
    if isinstance(kind, inspect.StrType):
        return f"a string, as in the default {field.default!r}"
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    raise TypeError(f"no words for {kind}")


def _places(kind: type[Struct]) -> dict[str, str]:
    """The full key of each choice in a group by its last part, where that is unique: for keys in the wrong group."""
    last = [name.rpartition(".")[2] for name in names(kind)]
    return {each: name for each, name in zip(last, names(kind), strict=True) if last.count(each) == 1}


def names(kind: type[Struct], prefix: str = "") -> list[str]:
    """The key of every choice, such as `service.cpu`."""
    found: list[str] = []
    for field in fields_of(kind):
        name = prefix + field.name
        found += names(field.type, f"{name}.") if _is_group(field.type) else [name]
    return found


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)
