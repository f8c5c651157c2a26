"""The values that a parameter accepts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from typing import Any


def refusal(parameter: Any, value: str) -> str | None:
    """The reason why a parameter does not accept a value; None if it does, or if that is unknown."""
    if not isinstance(parameter, dict):
        return None
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list) and value not in {str(one) for one in allowed}:
        return "it is not one of the AllowedValues"
    if parameter.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            return "it is not a number"
        for key, wrong in (("MinValue", number.__lt__), ("MaxValue", number.__gt__)):
            bound = parameter.get(key)
            if isinstance(bound, (int, float)) and wrong(float(bound)) is True:
                return f"{key} is {bound}"
    pattern = parameter.get("AllowedPattern")
    try:
        if isinstance(pattern, str) and re.fullmatch(pattern, value) is None:
            return f"AllowedPattern is {pattern}"
    except (re.error, RecursionError):
        return None
    for key, longer in (("MinLength", False), ("MaxLength", True)):
        bound = parameter.get(key)
        if isinstance(bound, int) and (len(value) > bound if longer else len(value) < bound):
            return f"{key} is {bound}"
    return None
