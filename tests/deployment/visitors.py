"""Visitors whose failed requests the stage remembers: they can roll back the next release."""

from __future__ import annotations

import time
from types import TracebackType

from phoenix_cfn.local import visitors
from phoenix_cfn.local.visitors import Visit

from .stage import Stage

__all__ = ["Visit", "Visitors"]


class Visitors(visitors.Visitors):
    """Of a stage of the tests."""

    stage: Stage

    def __enter__(self) -> Visitors:
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self.failed:
            self.stage.failed_at = time.time()
