"""Windows of backup and maintenance: their form, their length, and whether they meet."""

from __future__ import annotations

import pytest

from phoenix_cfn.rules._windows import faults


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [
        ("03:00-03:30", None),
        (None, "sun:04:00-sun:04:30"),
        ("03:00-04:00", "sun:04:00-sun:05:00"),
        ("23:30-00:30", "Mon:00:30-Mon:01:00"),
        ("12:00-13:00", "sat:23:00-sun:11:59"),
    ],
)
def test_good_windows(backup: str | None, maintenance: str | None) -> None:
    assert list(faults(backup, maintenance)) == []


@pytest.mark.parametrize(
    ("backup", "maintenance", "says"),
    [
        ("3:00-3:30", None, "does not have the form hh24:mi-hh24:mi"),
        ("24:00-24:30", None, "does not have the form"),
        ("03:00-03:29", None, "shorter than 30 minutes"),
        ("03:00-03:00", None, "shorter than 30 minutes"),
        (None, "04:00-04:30", "does not have the form ddd:hh24:mi-ddd:hh24:mi"),
        (None, "sunday:04:00-sunday:05:00", "does not have the form"),
        (None, "sun:04:00-sun:04:10", "shorter than 30 minutes"),
        ("04:00-04:30", "wed:03:45-wed:04:15", "overlaps"),
        ("23:45-00:15", "sun:00:00-sun:01:00", "overlaps"),
        ("00:00-00:30", "sat:23:00-sun:00:10", "overlaps"),
    ],
)
def test_bad_windows(backup: str | None, maintenance: str | None, says: str) -> None:
    (fault,) = faults(backup, maintenance)
    assert says in fault
