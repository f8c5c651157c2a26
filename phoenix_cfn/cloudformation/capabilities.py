"""The capabilities that a deployment must acknowledge for a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IAM = (
    "AWS::IAM::AccessKey",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::UserToGroupAddition",
)
_IAM_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")


def needed_capabilities(template: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """The capabilities that a template needs, each with those that include it."""
    needed: list[tuple[str, tuple[str, ...]]] = []
    section = template.get("Resources")
    resources = [raw for raw in section.values() if isinstance(raw, dict)] if isinstance(section, dict) else []
    iam = [raw.get("Properties") for raw in resources if raw.get("Type") in _IAM]
    if any(isinstance(properties, dict) and any(key in properties for key in _IAM_NAMES) for properties in iam):
        needed.append(("CAPABILITY_NAMED_IAM", ()))
    elif iam:
        needed.append(("CAPABILITY_IAM", ("CAPABILITY_NAMED_IAM",)))
    if "Transform" in template:
        needed.append(("CAPABILITY_AUTO_EXPAND", ()))
    return needed
