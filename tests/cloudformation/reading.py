"""Templates of a few lines, read as the package reads them."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.cloudformation.documents import parse
from phoenix_cfn.cloudformation.evaluation import Scenario
from phoenix_cfn.cloudformation.stack import Stack


def template(text: str) -> dict[str, Any]:
    found = parse(text)
    assert isinstance(found, dict)
    return found


def stack(text: str, **scenario: Any) -> Stack:
    return Stack(template(text), Scenario(**scenario))
