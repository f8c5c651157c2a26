"""cfn-lint rules for the kata's requirements and for the wiring: `cfn-lint template.yml -a phoenix_cfn.rules`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any


@cache
def classes() -> dict[str, type[Any]]:
    """Every rule, by the name of its class."""
    found: dict[str, type[Any]] = {}
    for module in walk_packages(__path__, f"{__name__}."):
        if not module.ispkg and not module.name.rpartition(".")[2].startswith("_"):
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, type) and value.__module__ == module.name and vars(value).get("id"):
                    found[name] = value
    return found


def __dir__() -> list[str]:
    # cfn-lint looks up the classes of rules here. They are imported only then, not with each of their helpers.
    return [*globals(), *classes()]


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and name in classes():
        return classes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
