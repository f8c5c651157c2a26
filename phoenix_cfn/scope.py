"""The argument of every part: the template that it adds to, with the settings, parameters and names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct
from troposphere.kms import Key

from phoenix_cfn.naming import Names
from phoenix_cfn.parameters.stage import StageParameters
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import Added, StageTemplate

_Arguments = ParamSpec("_Arguments")
_Handle = TypeVar("_Handle")


class Scope(Struct, frozen=True):
    """One template under construction, with the choices of the fork (`settings`).

    `parameters`: those of both templates; `names`: the physical names; `key`: the KMS key of the stack's logs, topics
    and secrets, but not of the database.
    """

    template: StageTemplate
    settings: Settings
    parameters: StageParameters
    names: Names
    key: Key

    def add(self, resource: Added) -> Added:
        """Adds a resource to the template and returns it."""
        return self.template.add_resource(resource)

    def part(self, name: str) -> AbstractContextManager[None]:
        """`with scope.part("orders"):` records the author of added resources, for the file's headings and findings."""
        return self.template.written_by(name)


def part(
    function: Callable[Concatenate[Scope, _Arguments], _Handle],
) -> Callable[Concatenate[Scope, _Arguments], _Handle]:
    """Marks a function that adds one concern to the template, and records it as the author of its resources."""
    name = f"{function.__module__}.{function.__name__}"

    @wraps(function)
    def recorded(scope: Scope, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Handle:
        with scope.part(name):
            return function(scope, *args, **kwargs)

    return recorded
