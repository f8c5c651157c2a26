"""The backup and maintenance windows of a database."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_BACKUP = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_MAINTENANCE = re.compile(
    f"({'|'.join(_DAYS)}):([01]\\d|2[0-3]):([0-5]\\d)-({'|'.join(_DAYS)}):([01]\\d|2[0-3]):([0-5]\\d)", re.IGNORECASE
)
LEAST_MINUTES = 30

Window = tuple[int, int]
"""First minute of the week (of the day for a backup) and length in minutes."""


def backup_window(value: str) -> Window | None:
    """Of hh24:mi-hh24:mi; None for anything else."""
    match = _BACKUP.fullmatch(value)
    if match is None:
        return None
    begin, end = (int(match[hour]) * 60 + int(match[hour + 1]) for hour in (1, 3))
    return begin, (end - begin) % _DAY


def maintenance_window(value: str) -> Window | None:
    """Of ddd:hh24:mi-ddd:hh24:mi; None for anything else."""
    match = _MAINTENANCE.fullmatch(value)
    if match is None:
        return None
    begin, end = (
        _DAYS.index(match[day].lower()) * _DAY + int(match[day + 1]) * 60 + int(match[day + 2]) for day in (1, 4)
    )
    return begin, (end - begin) % _WEEK


def overlap(backup: Window, maintenance: Window) -> bool:
    """Whether the backup window of any day overlaps the maintenance window."""
    begin, length = maintenance
    return any(_meet((backup[0] + day * _DAY) % _WEEK, backup[1], begin, length) for day in range(7))


def _meet(one: int, length: int, other: int, other_length: int) -> bool:
    return (other - one) % _WEEK < length or (one - other) % _WEEK < other_length


def faults(backup: str | None, maintenance: str | None) -> Iterator[str]:
    """The faults of two windows; a window that is not known is None."""
    known: list[Window] = []
    for value, read, form in (
        (backup, backup_window, "hh24:mi-hh24:mi"),
        (maintenance, maintenance_window, "ddd:hh24:mi-ddd:hh24:mi"),
    ):
        if value is None:
            continue
        window = read(value)
        if window is None:
            yield f"{value} does not have the form {form}"
        elif window[1] < LEAST_MINUTES:
            yield f"{value} is shorter than {LEAST_MINUTES} minutes"
        else:
            known.append(window)
    if len(known) == 2 and overlap(*known):
        yield f"the backup window {backup} overlaps the maintenance window {maintenance}"
