"""One side of a comparison: a template as it is deployed, with the values of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from phoenix_cfn.cloudformation.evaluation import Scenario
from phoenix_cfn.cloudformation.functions import scalar
from phoenix_cfn.cloudformation.loops import LoopError, expanded
from phoenix_cfn.cloudformation.macros import LANGUAGE, macros, transforms
from phoenix_cfn.cloudformation.parameters import refusal
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.errors import PhoenixError

Children = Callable[[str], "dict[str, Any] | None"]
"""The template of a nested stack, by its TemplateURL; None where it is not known."""

_PROCESSED = (
    "Give the template as CloudFormation has processed it: `aws cloudformation get-template --template-stage "
    "Processed` prints it for a stack or a change set."
)


class SideError(PhoenixError):
    """A template that cannot be compared, or values that do not go with it."""


def no_children(_: str) -> dict[str, Any] | None:
    return None


@dataclass(frozen=True)
class Side:
    """`stack` is the template in the scenario of its values; `text` is the file, where there is one; `depth` says how
    many stacks are around it."""

    name: str
    stack: Stack
    children: Children = no_children
    text: str = field(default="", repr=False)
    depth: int = 0

    @classmethod
    def of(
        cls,
        template: dict[str, Any],
        name: str,
        values: Mapping[str, str],
        children: Children = no_children,
        text: str = "",
        depth: int = 0,
    ) -> Side:
        """Raises SideError for macros, and for values that parameters do not accept."""
        written = list(macros(template))
        if written:
            raise SideError(
                f"{name}: found {', '.join(written)}, which writes resources only when the template is deployed; "
                f"expected a template without macros. {_PROCESSED}"
            )
        known = _known(template, name, values)
        if LANGUAGE in transforms(template):
            try:
                template = expanded(template, known)
            except (LoopError, AttributeError, IndexError, LookupError, TypeError, ValueError) as error:
                raise SideError(f"{name}: {error}") from error
        return cls(name, Stack(template, Scenario(dict(values)), name), children, text, depth)

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.stack.parameters


def _known(template: Mapping[str, Any], name: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values that are known: those given, and defaults. Raises SideError for a value that is not accepted."""
    section = template.get("Parameters", {})
    known = dict(values)
    for parameter, declared in section.items() if isinstance(section, dict) else ():
        if parameter in values:
            reason = refusal(declared, values[parameter])
            if reason is not None:
                raise SideError(
                    f"{name}: found {values[parameter]!r} for the parameter {parameter}; {reason}. Correct the value."
                )
        elif isinstance(declared, dict) and scalar(declared.get("Default")) is not None:
            known[parameter] = str(scalar(declared["Default"]))
    return known
