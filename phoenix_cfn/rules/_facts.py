"""The facts of AWS that rules and generator share. The facts import neither of them."""

from __future__ import annotations

from phoenix_cfn.cloudformation.facts import documentdb, ecs, vpc

__all__ = ["documentdb", "ecs", "vpc"]
