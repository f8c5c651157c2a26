"""Parameters: why a value is refused."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.parameters import refusal


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ({"Type": "String"}, "anything", None),
        ({"AllowedValues": ["a", 1]}, "1", None),
        ({"AllowedValues": ["a", 1]}, "b", "it is not one of the AllowedValues"),
        ({"Type": "Number"}, "x", "it is not a number"),
        ({"Type": "Number", "MinValue": 2}, "1", "MinValue is 2"),
        ({"Type": "Number", "MaxValue": 2}, "3", "MaxValue is 2"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 3}, "2", None),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "a1", "AllowedPattern is [a-z]+"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "a", None),
        ({"Type": "String", "AllowedPattern": "["}, "a", None),
        ({"Type": "String", "MinLength": 2}, "a", "MinLength is 2"),
        ({"Type": "String", "MaxLength": 2}, "abc", "MaxLength is 2"),
        ("no parameter", "a", None),
    ],
)
def test_whether_a_value_is_accepted(parameter: Any, value: str, expected: str | None) -> None:
    assert refusal(parameter, value) == expected
