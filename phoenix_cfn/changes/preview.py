"""The preview of an update: what happens to each resource, and to what is around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from . import pipelines, surroundings
from .cascade import Cascade
from .outcomes import Change, Data, Outcome
from .sides import Side
from .surroundings import Finding

DATA_LOSS = "data-loss"
# Of --fail-on: what cannot be told apart from a replacement counts as one.
_INCLUDED = {Outcome.REPLACED: (Outcome.REPLACED, Outcome.MAY_BE_REPLACED, Outcome.UNKNOWN)}


@dataclass(frozen=True)
class Preview:
    """`changes` are by logical id, `findings` are about the stack as a whole."""

    name: str
    old: str
    new: str
    changes: dict[str, Change]
    findings: list[Finding] = field(default_factory=list)

    def matching(self, wanted: str) -> Iterator[str]:
        """What has an outcome, or loses data, as `--fail-on` names it."""
        if wanted == DATA_LOSS:
            yield from (change.id for change in self.changes.values() if change.data is Data.LOST)
            return
        outcomes = _INCLUDED.get(Outcome(wanted), (Outcome(wanted),))
        yield from (change.id for change in self.changes.values() if change.outcome in outcomes)
        yield from (finding.subject for finding in self.findings if finding.outcome is Outcome(wanted))


def preview(old: Side, new: Side, around: surroundings.Around | None = None) -> Preview:
    """What an update from one side to the other does."""
    cascade = Cascade(old, new)
    changes = cascade.changes()
    return Preview(
        new.name,
        old.name,
        new.name,
        changes,
        surroundings.findings(old, new, cascade, changes, around or surroundings.Around()),
    )


def previews(pairs: Sequence[tuple[str, Side, Side]]) -> list[Preview]:
    """Of templates that belong together, by file name: one may have the pipeline, and the role, that deploy another."""
    stacks = {after.name: after.stack for _, _, after in pairs}
    others = list(stacks.values())
    found = []
    for name, before, after in pairs:
        around = surroundings.Around(
            passed=pipelines.passed(others, name),
            imported=pipelines.imported(stacks, after.name),
            others=tuple(pipelines.role(before, after, pipelines.deploys_with_role(others, name))),
        )
        found.append(replace(preview(before, after, around), name=name))
    return found
