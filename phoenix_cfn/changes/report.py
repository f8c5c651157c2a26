"""A preview as a person reads it at a terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from .outcomes import Change, Data, Outcome, Reason
from .preview import Preview
from .surroundings import Finding

_COLORS = {
    Outcome.REFUSED: "1;31",
    Outcome.REPLACED: "31",
    Outcome.MAY_BE_REPLACED: "31",
    Outcome.REMOVED: "31",
    Outcome.UNKNOWN: "35",
    Outcome.INTERRUPTED: "33",
    Outcome.UPDATED: "36",
    Outcome.ADDED: "32",
}
_SIGNS = {
    Outcome.REFUSED: "⛔",
    Outcome.REPLACED: "🔁",
    Outcome.MAY_BE_REPLACED: "🔁",
    Outcome.REMOVED: "\N{HEAVY MINUS SIGN}",
    Outcome.UNKNOWN: "❓",
    Outcome.INTERRUPTED: "⏸️",
    Outcome.UPDATED: "✏️",
    Outcome.ADDED: "\N{HEAVY PLUS SIGN}",
}
_QUIET = (Outcome.UPDATED, Outcome.ADDED)
_MOST_REASONS = 6
_ORDERS = {
    "create-first": "the new one is created before the old one is deleted",
    "delete-first": "the old one is deleted before the new one is created",
}


def as_text(previews: Sequence[Preview], color: bool) -> str:
    """A table for a terminal."""
    return "\n".join(line for preview in previews for line in _text(preview, color)).rstrip("\n") + "\n"


def _text(preview: Preview, color: bool) -> Iterator[str]:
    yield _clean(f"{preview.name}: from {preview.old} to {preview.new}")
    changed = _changed(preview)
    width = max((len(_clean(each.id)) for each in changed), default=0)
    for change in changed:
        outcome = f"{change.outcome:<16}"
        shown = f"\033[{_COLORS[change.outcome]}m{outcome}\033[0m" if color else outcome
        yield f"  {shown}{_clean(change.id):<{width}}  {_clean(change.type)}{_data(change)}"
        yield from (f"      {line}" for line in _reasons(change))
    for finding in preview.findings:
        yield f"  {finding.kind:<16}{_clean(finding.subject)}: {_clean(finding.text)}"
    yield f"  {_summary(preview)}"
    yield ""


def _reasons(change: Change) -> Iterator[str]:
    for reason in change.reasons[:_MOST_REASONS]:
        yield _clean(_line(reason))
    if len(change.reasons) > _MOST_REASONS:
        yield f"and {len(change.reasons) - _MOST_REASONS} more differences"
    if change.order == "delete-first":
        yield _ORDERS[change.order]


def _line(reason: Reason) -> str:
    place = f"{reason.property}: " if reason.property else ""
    because = f", because of {', '.join(reason.because)}" if reason.because else ""
    values = ""
    if reason.old != reason.new:
        values = f"{reason.old or 'none'} -> {reason.new or 'none'}; "
    return f"{place}{values}{reason.text}{because}"


def _data(change: Change) -> str:
    return f"  (data {change.data})" if change.data else ""


def _changed(preview: Preview) -> list[Change]:
    """What changes, the gravest first, otherwise in the order of the template."""
    changed = [each for each in preview.changes.values() if each.outcome is not Outcome.UNCHANGED]
    return sorted(changed, key=lambda each: (each.data is not Data.LOST, -each.outcome.rank))


def _summary(preview: Preview) -> str:
    counted = Counter(each.outcome for each in preview.changes.values())
    parts = [f"{counted[each]} {each}" for each in reversed(Outcome) if counted[each]]
    lost = sum(each.data is Data.LOST for each in preview.changes.values())
    refused = "; CloudFormation refuses the whole update" if counted[Outcome.REFUSED] else ""
    return (", ".join(parts) or "no resources") + (f"; data of {lost} lost" if lost else "") + refused


def _clean(text: str) -> str:
    """Without characters that steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


# Markdown


def as_markdown(previews: Sequence[Preview]) -> str:
    """A comment for a pull request."""
    lines = ["## What this change does to a running stack", ""]
    for preview in previews:
        lines += [f"### {_escaped(preview.name)}", "", f"{_escaped(_summary(preview))}.", ""]
        changed = _changed(preview)
        quiet = [each for each in changed if each.outcome in _QUIET and each.data is not Data.LOST]
        lines += _table([each for each in changed if each not in quiet])
        if quiet:
            lines += ["<details><summary>Updated in place or added</summary>", "", *_table(quiet), "</details>", ""]
        lines += [_finding(each) for each in preview.findings]
        if preview.findings:
            lines.append("")
    lines.append("From the templates alone, by `phoenix-cfn diff`; what they do not determine is unknown.")
    return "\n".join(lines) + "\n"


def _table(changes: Sequence[Change]) -> list[str]:
    return ["| | resource | why |", "|---|---|---|", *map(_row, changes), ""] if changes else []


def _row(change: Change) -> str:
    reasons = [_markdown(each) for each in change.reasons[:3]]
    if len(change.reasons) > 3:
        reasons.append(f"and {len(change.reasons) - 3} more")
    if change.order == "delete-first":
        reasons.append(_ORDERS[change.order])
    outcome = f"{_SIGNS[change.outcome]} **{change.outcome}**"
    data = f"<br>data **{change.data}**" if change.data else ""
    return f"| {outcome}{data} | {_code(change.id)}<br>{_escaped(change.type)} | {'<br>'.join(reasons)} |"


def _markdown(reason: Reason) -> str:
    place = f"{_code(reason.property)}: " if reason.property else ""
    values = ""
    if reason.old != reason.new:
        values = f"{_code(reason.old) if reason.old else 'none'} → {_code(reason.new) if reason.new else 'none'}; "
    because = f", because of {', '.join(map(_code, reason.because))}" if reason.because else ""
    text = _escaped(reason.text)
    source = f" ([source]({reason.source}))" if reason.source and reason.outcome is not Outcome.UPDATED else ""
    return f"{place}{values}{text}{because}{source}"


def _finding(finding: Finding) -> str:
    source = f" ([source]({finding.source}))" if finding.source else ""
    return f"- **{finding.kind}** {_code(finding.subject)}: {_escaped(finding.text)}{source}"


def _code(text: str) -> str:
    """Text of a template, which may be hostile: no Markdown, no HTML and no mention comes out of a code span."""
    return f"`{_clean(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def _escaped(text: str) -> str:
    plain = re.sub(r"([\\`*_\[\]|<>#])", r"\\\1", _clean(text))
    return plain.replace("@", "@\u200b")


# JSON


def as_json(previews: Sequence[Preview]) -> dict[str, Any]:
    """`resources` by logical id; where two templates have the same one, with the template before it."""
    counted = Counter(name for preview in previews for name in preview.changes)
    resources = {
        (name if counted[name] == 1 else f"{preview.name}/{name}"): _resource(change)
        for preview in previews
        for name, change in preview.changes.items()
    }
    return {
        "resources": resources,
        "templates": [
            {
                "name": preview.name,
                "old": preview.old,
                "new": preview.new,
                "resources": list(preview.changes),
                "findings": [
                    {
                        "kind": each.kind,
                        "subject": each.subject,
                        "outcome": str(each.outcome),
                        "text": each.text,
                        "source": each.source,
                    }
                    for each in preview.findings
                ],
            }
            for preview in previews
        ],
    }


def _resource(change: Change) -> dict[str, Any]:
    return {
        "type": change.type,
        "outcome": str(change.outcome),
        "reasons": [
            {
                "outcome": str(each.outcome),
                "property": each.property,
                "old": each.old,
                "new": each.new,
                "text": each.text,
                "because": list(each.because),
                "source": each.source,
            }
            for each in change.reasons
        ],
        "data": str(change.data) if change.data else None,
        "order": change.order or None,
    }
