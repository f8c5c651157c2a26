"""AWS's data about resource types and IAM actions, from the files of cfn-lint.

The files are read directly: importing cfn-lint takes seconds.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Handler permissions do not differ between regions; this one has every resource type.
_REGION = "us-east-1"


@cache
def cfn_lint_version() -> str:
    """The version of the installed cfn-lint."""
    # Not with `importlib.metadata`, which takes a tenth of the time of a build without changes.
    found = re.search(r'^__version__ = "(.+)"$', _cfn_lint("version.py").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ModuleNotFoundError(
            "cfnlint/version.py has no version; expected the version of cfn-lint", name="cfnlint.version"
        )
    return found[1]


def cfn_lint_data(*place: str) -> Path:
    """A file or folder of cfn-lint's data."""
    return _cfn_lint("data", *place)


def resource_schema(resource_type: str) -> dict[str, Any] | None:
    """The registry schema of a type such as `AWS::ECS::Cluster`; None for an unknown type.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
    """
    provider: dict[str, str] = _read("schemas", "providers", f"{_REGION}.json")
    if resource_type not in provider:
        return None
    schema: dict[str, Any] = _read("schemas", "resources", f"{provider[resource_type]}.json")
    return schema


@cache
def iam_actions() -> dict[str, list[str]]:
    """All IAM actions in lowercase, such as `ecs:createcluster`, with their resource types, as IAM calls them.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    return {
        f"{service}:{action}": known.get("Resources", [])
        for service, entry in _iam_table().items()
        for action, known in entry["Actions"].items()
    }


def arn_prefix(service: str, kind: str) -> str | None:
    """The beginning of the ARNs of a kind of resource, up to the account, as text for Fn::Sub."""
    for arn in _iam_table()[service]["Resources"].get(kind, {}).get("ARNFormats", []):
        prefix: str = ":".join(arn.split(":")[:5]) + ":"
        for name, pseudo in (("Partition", "Partition"), ("Region", "Region"), ("Account", "AccountId")):
            prefix = prefix.replace(f"${{{name}}}", f"${{AWS::{pseudo}}}")
        # Some contain other accounts.
        return re.sub(r"\$\{(?!AWS::)[^}]*\}", "*", prefix)
    return None


def arn_format(service: str, kind: str) -> str:
    """The ARN of a kind of resource, with `.*` for its identifiers; empty if there is none, or more than one."""
    formats: list[str] = _kind(service, kind).get("ARNFormats", [])
    return formats[0] if len(formats) == 1 else ""


@cache
def arn_patterns(service: str, kind: str) -> list[str]:
    """The ARNs of a kind of resource, as text for Fn::Sub with `*` for its identifiers."""
    found = []
    known = {name.lower(): each for name, each in _iam_table().get(service, {}).get("Resources", {}).items()}
    for arn in known.get(kind.lower(), {}).get("ARNFormats", []):
        pattern = arn.replace("${Account}", "${AWS::AccountId}").replace(".*", "*")
        pattern = re.sub(r"\$\{(Partition|Region)\}", r"${AWS::\1}", pattern)
        # Some contain other accounts.
        found.append(re.sub(r"\$\{(?!AWS::)[^}]*\}", "*", pattern))
    return found


def condition_keys(service: str, kind: str) -> list[str]:
    """The condition keys of a kind of resource."""
    keys: list[str] = _kind(service, kind).get("ConditionKeys", [])
    return keys


def kinds(service: str) -> list[str]:
    """The kinds of resource of a service."""
    return list(_iam_table().get(service, {}).get("Resources", {}))


def _kind(service: str, kind: str) -> dict[str, Any]:
    known: dict[str, Any] = _iam_table().get(service, {}).get("Resources", {}).get(kind, {})
    return known


def _iam_table() -> dict[str, Any]:
    table: dict[str, Any] = _read("AdditionalSpecs", "Policies.json")
    return table


@cache
def _read(*place: str) -> Any:
    return json.loads(cfn_lint_data(*place).read_text(encoding="utf-8"))


def _cfn_lint(*place: str) -> Path:
    found = find_spec("cfnlint")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("cfn-lint is not installed; it is one of phoenix_cfn's requirements", name="cfnlint")
    return Path(found.origin).parent.joinpath(*place)
