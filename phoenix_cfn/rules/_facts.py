"""The facts of AWS that rules share with the generator; the facts themselves import nothing of either."""

from __future__ import annotations

from phoenix_cfn.cloudformation.facts import documentdb, ecs, vpc

__all__ = ["documentdb", "ecs", "vpc"]
