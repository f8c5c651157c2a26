"""Writes the Phoenix kata's CloudFormation: a template for the pipeline, and a template for the stack it deploys."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phoenix_cfn import infrastructure, pipeline
    from phoenix_cfn.settings import Settings

__version__ = "2.1.3"

__all__ = ["Settings", "infrastructure", "pipeline"]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def __getattr__(name: str) -> Any:
    # Lazy: cfn-lint imports phoenix_cfn.rules in every run, which does not need the generator.
    if name == "Settings":
        return import_module("phoenix_cfn.settings").Settings
    if name in __all__:
        return import_module(f"phoenix_cfn.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
