"""The words of a preview: what happens to a resource, why, and what becomes of its data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class Verdict(IntEnum):
    """Whether two values are the same once CloudFormation has resolved them."""

    SAME = 0
    PERHAPS = 1
    DIFFERENT = 2


class Word(str, Enum):
    """An enumeration whose members are printed as their values, also before Python 3.11."""

    def __str__(self) -> str:
        return str(self.value)


class Outcome(Word):
    """What an update does to a resource. The values are those of the JSON output."""

    ADDED = "added"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    MAY_BE_REPLACED = "may-be-replaced"
    REPLACED = "replaced"
    REFUSED = "refused"

    @property
    def rank(self) -> int:
        """How much it weighs: of several reasons the heaviest decides."""
        return list(Outcome).index(self)


class Data(Word):
    """What becomes of the data that a resource holds."""

    KEPT = "kept"
    SNAPSHOT = "snapshot"
    LOST = "lost"


@dataclass(frozen=True)
class Reason:
    """Why a resource has an outcome.

    `property` is the path of what differs, empty where it is no property; `old` and `new` are its values as a person
    reads them. `because` are the resources whose own change makes the value differ. `source` is where AWS says so.
    `certain` is false where the templates do not determine whether the values differ.
    """

    outcome: Outcome
    text: str
    property: str = ""
    old: str = ""
    new: str = ""
    because: tuple[str, ...] = ()
    source: str = ""
    certain: bool = True


@dataclass
class Change:
    """What an update does to one resource. `order` is create-first or delete-first for one that is replaced."""

    id: str
    type: str
    outcome: Outcome
    reasons: list[Reason] = field(default_factory=list)
    data: Data | None = None
    order: str = ""

    @classmethod
    def of(cls, logical_id: str, resource_type: str, reasons: Iterable[Reason]) -> Change:
        """The change that follows from reasons, the heaviest first; without any, none."""
        sorted_ = sorted(dict.fromkeys(reasons), key=lambda reason: -reason.outcome.rank)
        return cls(logical_id, resource_type, sorted_[0].outcome if sorted_ else Outcome.UNCHANGED, sorted_)
