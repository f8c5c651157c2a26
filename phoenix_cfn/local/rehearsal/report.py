"""A rehearsal as a person reads it at a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.local.rehearsal.rehearsal import Rehearsal
from phoenix_cfn.local.rehearsal.verdict import Agreement, Check
from phoenix_cfn.local.up import TIME_SCALE

_WIDTH = 16


def as_text(rehearsal: Rehearsal) -> str:
    """What happened, beside what the preview says; then how long each part took."""
    return "\n".join(line.rstrip() for line in _lines(rehearsal)) + "\n"


def _lines(rehearsal: Rehearsal) -> Iterator[str]:
    yield f"From {rehearsal.revision} to the working tree"
    yield from (f"  {name:<{_WIDTH}}{text}" for name, text in _summary(rehearsal))
    for preview in rehearsal.previews:
        own = [each for each in rehearsal.checks if each.template == preview.name]
        shown = [each for each in own if not _is_quiet(each)]
        yield ""
        behind = sum(each.seen is None for each in own) - sum(each.seen is None for each in shown)
        yield f"{preview.name}: {len(own) - len(shown) - behind} unchanged, as predicted{_behind(behind)}"
        if shown:
            width = max(len(each.id) for each in shown)
            yield f"  {'seen':<{_WIDTH}}{'predicted':<{_WIDTH + 2}}resource"
            for each in shown:
                line = f"{_seen(each):<{_WIDTH}}{each.predicted:<{_WIDTH}}{_SIGNS[each.agreement]} {each.id:<{width}}"
                yield f"  {line}  {each.text or each.type}"
    yield ""
    contradictions = _contradictions(rehearsal)
    yield f"Contradictions of the preview: {len(contradictions) or 'none'}"
    yield from (f"  {each}" for each in contradictions)
    yield ""
    yield f"Seconds; one of AWS's lasts {TIME_SCALE} here"
    yield from (f"  {seconds:>6.1f}  {title}" for title, seconds in rehearsal.parts)


def _contradictions(rehearsal: Rehearsal) -> list[str]:
    """All of them: beside the resources, then of each resource."""
    of_resources = (f"{each.template}, {each.id}: {each.text}" for each in rehearsal.contradicted)
    return [*rehearsal.contradictions, *of_resources]


_SIGNS = {Agreement.AGREES: "=", Agreement.OPEN: "?", Agreement.CONTRADICTED: "!"}


def _is_quiet(check: Check) -> bool:
    """Whether nothing was to happen to the resource, and nothing did."""
    return check.predicted is Outcome.UNCHANGED and check.seen in (Outcome.UNCHANGED, None)


def _behind(count: int) -> str:
    return f"; {count} that would be, which the update did not reach" if count else ""


def _seen(check: Check) -> str:
    if check.seen is None:
        return "not reached"
    return "failed" if check.seen is Outcome.REFUSED else str(check.seen)


def _summary(rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    done = rehearsal.release
    state = f"failed, {', '.join(done.rolled_back)} rolled back" if done.rolled_back else "failed"
    yield "release", state if done.failures else "succeeded"
    for failure in (*done.failures, *done.notes):
        yield from (("", line) for line in failure.splitlines())
    yield "requests", f"{done.requests} sent, {done.failed_requests} failed"
    if done.unanswered:
        by_status = (
            f"{count} {f'with {status}' if status else 'without an answer'}"
            for status, count in sorted(done.unanswered.items())
        )
        yield "", f"{', '.join(by_status)}; {done.disturbed:.1f} s from the first to the last"
    yield "data", _DATA[done.data]


_DATA = {
    True: "kept: the document put in before the release is in the database that the tasks use",
    False: "lost: the document put in before the release is not in the database that the tasks use",
    None: "not known: the stage has no database of its own, or it could not be read",
}


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """`resources` by template and logical id; `passed` is false where the exit code is 1."""
    done = rehearsal.release
    resources: dict[str, dict[str, Any]] = {each.name: {} for each in rehearsal.previews}
    for each in rehearsal.checks:
        resources[each.template][each.id] = {
            "type": each.type,
            "predicted": str(each.predicted),
            "seen": None if each.seen is None else _seen(each),
            "agreement": str(each.agreement),
            "text": each.text,
        }
    return {
        "from": rehearsal.revision,
        "passed": rehearsal.passed,
        "release": {
            "succeeded": not done.failures,
            "rolled_back": done.rolled_back,
            "failures": list(done.failures),
            "notes": list(done.notes),
        },
        "requests": {
            "sent": done.requests,
            "failed": done.failed_requests,
            "by_status": {str(status): count for status, count in sorted(done.unanswered.items())},
            "disturbed_seconds": round(done.disturbed, 1),
        },
        "data": {True: "kept", False: "lost", None: "unknown"}[done.data],
        "resources": resources,
        "contradictions": _contradictions(rehearsal),
        "seconds": [{"part": title, "seconds": round(seconds, 1)} for title, seconds in rehearsal.parts],
    }
