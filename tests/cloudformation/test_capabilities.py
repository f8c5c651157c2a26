"""Capabilities: what a deployment acknowledges."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.capabilities import needed_capabilities
from tests.cloudformation.reading import template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resources: {A: {Type: AWS::S3::Bucket}}", []),
        ("Resources: {A: {Type: AWS::IAM::Role}}", ["CAPABILITY_IAM"]),
        ("Resources: {A: {Type: AWS::IAM::Role, Properties: {RoleName: a}}}", ["CAPABILITY_NAMED_IAM"]),
        ("Transform: X\nResources: {A: {Type: AWS::S3::Bucket}}", ["CAPABILITY_AUTO_EXPAND"]),
        ("Resources: [x]", []),
        ("Resources: {A: {Type: [x]}, B: null}", []),
    ],
)
def test_needed_capabilities(text: str, expected: list[str]) -> None:
    assert [capability for capability, _ in needed_capabilities(template(text))] == expected
