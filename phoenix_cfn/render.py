"""Template -> YAML: stable bytes, short tags, one heading for each part.

A writer of its own: CloudFormation's YAML is a small language (no anchors, no dates, tags for functions), and of
PyYAML's two emitters the fast one is not everywhere and the other takes longer than all the rest of the build.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from phoenix_cfn.errors import RenderError
from phoenix_cfn.template import StageTemplate

# A sequence or mapping that is not longer than this stands on one line.
_LINE = 120
# Words that do not fit on one line stand one below the other, but more than this fill the lines.
_MANY = 8
# What YAML 1.1 and CloudFormation read as text without quotes; all else is quoted.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.:@+-]*( [A-Za-z0-9_/.:@+(][A-Za-z0-9_/.:@+()-]*)*", re.ASCII)
_NOT_TEXT = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# A key that is longer than this needs the form `? key`, or YAML does not see that it is one.
_KEY = 1024
# The functions whose short form every tool reads. Those of the Rules section have none, and tools lose a !Contains.
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
    """The template as a file: the same template gives the same bytes everywhere."""
    return rendered(template.to_dict(), template.authors)


def rendered(source: dict[str, Any], authors: dict[str, str]) -> str:
    """The same of a template's plain data, and the part that wrote each of its resources."""
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
    """RenderError for what a template cannot hold."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        found = "null" if value is None else repr(value)
        raise RenderError(
            f"template: found {found} at {path}; expected text, a finite number, true, false, a list or a mapping. "
            "Leave the property out, or give it a value."
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
    """Writes a value behind `lead` (`key:` or `-`), on its line where it fits, else below it."""
    tag, inner = _function(value)
    if isinstance(inner, str) and "\n" in inner and _fits_block(inner):
        out.append(f"{' '.join(filter(None, (lead, tag)))} {'|' if inner.endswith(chr(10)) else '|-'}")
        out += [f"{indent}  {line}".rstrip() for line in inner.removesuffix("\n").split("\n")]
        return
    if not isinstance(inner, (dict, list)):
        out.append(" ".join(filter(None, (lead, tag, _scalar(inner)))))
        return
    # A mapping that has a name is written out.
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
    """A value on one line; None if that has `room` characters or more."""
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


# A template says few words many times.
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
    """Whether a literal block gives the text back exactly."""
    return (
        not text.startswith((" ", "\n", "\t"))
        and not text.endswith("\n\n")
        and all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))
    )


def _function(value: Any) -> tuple[str, Any]:
    """The short form of an intrinsic function, and what stands behind it; ("", value) for anything else."""
    if not isinstance(value, dict) or len(value) != 1:
        return "", value
    ((name, argument),) = value.items()
    if name in ("Ref", "Condition") and isinstance(argument, str):
        return f"!{name}", argument
    if name == "Fn::GetAtt" and isinstance(argument, list) and len(argument) == 2:
        resource, attribute = argument
        if isinstance(resource, str) and isinstance(attribute, str) and "." not in resource:
            return "!GetAtt", f"{resource}.{attribute}"
    # A function directly inside another has to keep its long name: YAML knows one tag for each value. A number or a
    # boolean behind a tag is read as text.
    if name in _SHORT and isinstance(argument, (str, list, dict)) and not _function(argument)[0]:
        return _SHORT[name], argument
    return "", value
