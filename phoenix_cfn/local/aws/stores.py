"""MiniStack's stores, which several threads use: a read that another thread's write disturbs is repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phoenix_cfn.local.aws import ministack

# A disturbed read raises "dictionary changed size during iteration". Each repetition is a new chance.
_ATTEMPTS = 100


def install() -> None:
    """Replaces the methods that copy a whole store. Once: it wraps what it finds."""
    by_account, by_region = ministack.responses.AccountScopedDict, ministack.responses.AccountRegionScopedDict
    for kind, names in {by_account: ("items", "values"), by_region: ("items", "values", "all_items")}.items():
        for name in names:
            setattr(kind, name, repeated(getattr(kind, name)))


def repeated(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The read, repeated where it was disturbed; its RuntimeError where it always is."""

    def patient(store: Any) -> Any:
        for _ in range(_ATTEMPTS):
            try:
                return read(store)
            except RuntimeError as error:
                disturbed = error
        raise disturbed

    return patient
