"""Dockerfiles as the rules read them."""

from __future__ import annotations

from phoenix_cfn.rules._dockerfile import Dockerfile, Stage


def test_a_stage_has_what_the_stages_below_have() -> None:
    base = Stage("debian:bookworm", "base", [("USER", "1000"), ("EXPOSE", "80")])
    last = Stage("base", "last", [("USER", "2000")])
    file = Dockerfile("app/Dockerfile", [base, last])
    assert file.values(last, "USER") == ["1000", "2000"]
    assert file.values(last, "EXPOSE") == ["80"]
    assert file.origin(last) == "debian:bookworm"


def test_a_stage_starts_from_earlier_stages_only() -> None:
    """As Docker does: two stages that name each other are no circle."""
    first, second = Stage("second", "first", [("USER", "1000")]), Stage("first", "second")
    file = Dockerfile("app/Dockerfile", [first, second])
    assert file.values(second, "USER") == ["1000"]
    assert file.origin(second) == "second"
