"""Renders a template as YAML: deterministic, with short tags and a heading for each part.

Not with PyYAML: CloudFormation's YAML is a small subset (no anchors, no dates, tags for functions). Of PyYAML's two
emitters, the fast one is not available everywhere, and the other takes longer than the rest of the build.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from phoenix_cfn.errors import RenderError
from phoenix_cfn.template import StageTemplate

# A sequence or mapping that is not longer than this is on one line.
_LINE = 120
# Words that do not fit on one line are one per line; if there are more than this, they fill the lines.
_MANY = 8
# Plain text in YAML 1.1 and in CloudFormation; all other text is quoted.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.:@+-]*( [A-Za-z0-9_/.:@+(][A-Za-z0-9_/.:@+()-]*)*", re.ASCII)
_NOT_TEXT = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# A longer key needs the form `? key` in YAML.
_KEY = 1024
# Functions whose short form all tools support. Those of the Rules section have none, and tools drop a !Contains.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
# https://github.com/aws-cloudformation/rain/issues/612
_SHORT = {
    f"Fn::{name}": f"!{name}"
    for name in (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "If", "ImportValue", "Join", "Not", "Or"),
        *("Select", "Split", "Sub", "Transform"),
    )
}


def render(template: StageTemplate) -> str:
    """The template as the content of a file. The same template has the same bytes on every system."""
    return rendered(template.to_dict(), template.authors)


def rendered(source: dict[str, Any], authors: dict[str, str]) -> str:
    """The same for a template's plain data, with the part that wrote each of its resources."""
    _check(source, "")
    out = ["# Written by build.py: change the generator, not this file."]
    for section, content in source.items():
        if section == "AWSTemplateFormatVersion":
            out.append(f"{section}: '{content}'")
        elif section == "Resources" and content:
            out += ["", f"{section}:"]
            _resources(content, authors, out)
        else:
            if isinstance(content, dict):
                out.append("")
            _entry(section, content, "", out)
    return "\n".join(out) + "\n"


def _resources(resources: dict[str, Any], authors: dict[str, str], out: list[str]) -> None:
    part = None
    for title, resource in resources.items():
        module = authors[title].rpartition(".")[0] or authors[title]
        if module != part:
            part = module
            out += ["", f"  # {part}"]
        out.append("")
        _entry(title, resource, "  ", out)


def _check(value: Any, path: str) -> None:
    """Raises RenderError for a value that a template cannot contain."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        found = "null" if value is None else repr(value)
        raise RenderError(
            f"template: found {found} at {path}; expected text, a finite number, true, false, a list or a mapping. "
            "Remove the property, or set a value."
        )
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in children:
        _check(each, f"{path}/{key}" if path else str(key))


def _entry(key: str, value: Any, indent: str, out: list[str]) -> None:
    name = _scalar(key)
    if len(name) > _KEY:
        out.append(f"{indent}? {name}")
        name = ""
    _node(value, f"{indent}{name}:", indent, out)


def _node(value: Any, lead: str, indent: str, out: list[str]) -> None:
    """Writes a value after `lead` (`key:` or `-`): on the same line if it fits, or else below it."""
    tag, inner = _function(value)
    if isinstance(inner, str) and "\n" in inner and _fits_block(inner):
        out.append(f"{' '.join(filter(None, (lead, tag)))} {'|' if inner.endswith(chr(10)) else '|-'}")
        out += [f"{indent}  {line}".rstrip() for line in inner.removesuffix("\n").split("\n")]
        return
    if not isinstance(inner, (dict, list)):
        out.append(" ".join(filter(None, (lead, tag, _scalar(inner)))))
        return
    # A mapping with a Name is not written on one line.
    written_out = isinstance(value, dict) and value and not tag and lead.endswith(":")
    flow = None if written_out else _flow(value, _LINE - len(lead) if inner else _LINE)
    if flow is not None:
        out.append(f"{lead} {flow}")
        return
    if isinstance(value, dict) and not tag and not lead.endswith(":"):
        start = len(out)
        for key, each in value.items():
            _entry(str(key), each, f"{indent}  ", out)
        out[start] = f"{lead} {out[start].lstrip()}"
        return
    if isinstance(inner, list) and len(inner) > _MANY and all(isinstance(each, str) for each in inner):
        out += _filled(inner, " ".join(filter(None, (lead, tag))), f"{indent}  ")
        return
    out.append(" ".join(filter(None, (lead, tag))))
    if isinstance(inner, dict):
        for key, each in inner.items():
            _entry(str(key), each, f"{indent}  ", out)
    else:
        for each in inner:
            _node(each, f"{indent}  -", f"{indent}  ", out)


def _filled(texts: list[str], lead: str, indent: str) -> list[str]:
    """A long list of words, as many on a line as fit."""
    lines = [f"{lead} ["]
    for number, text in enumerate(texts, start=1):
        word = _scalar(text, flow=True) + ("," if number < len(texts) else "]")
        if len(lines[-1]) + len(word) < _LINE:
            lines[-1] += word if lines[-1].endswith("[") else f" {word}"
        else:
            lines.append(indent + word)
    return lines


def _flow(value: Any, room: int) -> str | None:
    """A value on one line; None if it has `room` characters or more."""
    tag, inner = _function(value)
    if not isinstance(inner, (dict, list)):
        text = _scalar(inner, flow=True)
    else:
        parts = []
        left = room
        for key, each in inner.items() if isinstance(inner, dict) else ((None, each) for each in inner):
            part = _flow(each, left)
            if part is None:
                return None
            parts.append(part if key is None else f"{_scalar(str(key), flow=True)}: {part}")
            left -= len(parts[-1])
        text = ", ".join(parts)
        text = f"{{{text}}}" if isinstance(inner, dict) else f"[{text}]"
    text = f"{tag} {text}" if tag else text
    return text if len(text) < room else None


def _scalar(value: Any, flow: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        # YAML 1.1 reads 1e+20 as text.
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    return _text(str(value), flow)


# Cached: a template contains the same words many times.
@cache
def _text(text: str, flow: bool) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT and not text.endswith(":")
    if plain and ": " not in text and not (flow and ":" in text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped) + '"'


def _fits_block(text: str) -> bool:
    """Whether a literal block preserves the text exactly."""
    return (
        not text.startswith((" ", "\n", "\t"))
        and not text.endswith("\n\n")
        and all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))
    )


def _function(value: Any) -> tuple[str, Any]:
    """The short form of an intrinsic function, and its argument; ("", value) for other values."""
    if not isinstance(value, dict) or len(value) != 1:
        return "", value
    ((name, argument),) = value.items()
    if name in ("Ref", "Condition") and isinstance(argument, str):
        return f"!{name}", argument
    if name == "Fn::GetAtt" and isinstance(argument, list) and len(argument) == 2:
        resource, attribute = argument
        if isinstance(resource, str) and isinstance(attribute, str) and "." not in resource:
            return "!GetAtt", f"{resource}.{attribute}"
    # A function directly inside another keeps its long name: a YAML value has one tag. A number or a boolean with a tag
    # is read as text.
    if name in _SHORT and isinstance(argument, (str, list, dict)) and not _function(argument)[0]:
        return _SHORT[name], argument
    return "", value
