"""The command `python -m phoenix_cfn.iam`: the least policy that CloudFormation can deploy a template with."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam import schemas
from phoenix_cfn.iam.deploy import (
    MANAGED_POLICY_LIMIT,
    ROLE_INLINE_LIMIT,
    Permission,
    deploy_permissions,
    policy_size,
)
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.iam.handlers import DATA, Handlers, refresh

_UNUSABLE = 2


class TemplateError(PhoenixError):
    """A template that cannot be read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0; 2 for a template that cannot be used, or resource types whose needs are not known."""
    options = _parse(arguments)
    try:
        template = _read(options.template) if options.template else None
        if template is None:
            return _refresh(options.library)
        permissions = deploy_permissions(template, dict(options.set))
    except PhoenixError as error:
        print(f"phoenix_cfn.iam: {error}", file=sys.stderr)
        return _UNUSABLE
    strange = _names_left_out(template)
    if strange:
        print(f"phoenix_cfn.iam: IAM does not know {', '.join(strange)}: left out", file=sys.stderr)
    if options.json:
        document = {"Version": "2012-10-17", "Statement": [each.to_json() for each in permissions]}
        print(json.dumps(document, indent=1))
    else:
        print("\n".join(_report(permissions, _longest(template))))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m phoenix_cfn.iam",
        description="Prints the policy for the role that CloudFormation deploys a template with. Without a template: "
        "brings handlers.json up to the resource types of this project and the installed cfn-lint.",
    )
    parser.add_argument("template", nargs="?", type=Path, help="a CloudFormation template, YAML or JSON")
    parser.add_argument(
        "--library",
        action="store_true",
        help="for this library's own development: brings library.json up to what the library can write",
    )
    parser.add_argument("--json", action="store_true", help="the policy document; Fn::Sub where values are not set")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="what a parameter, or a pseudo parameter such as AWS::StackName, will be; parameters that are not set "
        "become wildcards",
    )
    return parser.parse_args(arguments)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value


def _refresh(library: bool) -> int:
    from phoenix_cfn import infrastructure
    from phoenix_cfn.pipeline import deployed
    from phoenix_cfn.settings import Settings

    settings, root = Settings.load(Path("phoenix.toml")), Path()
    if library:
        print(f"{deployed.LIBRARY}: {'written' if deployed.record_library() else 'unchanged'}")
    stack = infrastructure.template(settings).to_dict()
    changed = refresh(deployed.types(settings, stack, Earlier.read(root / deployed.RECORD)))
    print(f"{DATA}: {'written' if changed else 'unchanged'}")
    return 0


def _read(path: Path) -> dict[str, Any]:
    # cfn-lint's reader knows the short forms of CloudFormation's functions; it takes a second to import.
    from cfnlint.decode import cfn_json, cfn_yaml

    try:
        template = (cfn_json if path.suffix == ".json" else cfn_yaml).load(str(path))
        # Plain data, without the places that cfn-lint remembers.
        plain: dict[str, Any] = json.loads(json.dumps(template, default=str))
    except OSError as error:
        raise TemplateError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:
        raise TemplateError(f"{path} is not a CloudFormation template: {error}") from error
    if not isinstance(plain, dict) or not plain.get("Resources"):
        raise TemplateError(f"{path} is not a CloudFormation template: it has no Resources")
    return plain


def _names_left_out(template: dict[str, Any]) -> list[str]:
    types = {resource["Type"] for resource in template["Resources"].values()}
    by_type = Handlers.of(types).not_actions
    return sorted({name for each in types for name in by_type.get(each, ())})


def _longest(template: dict[str, Any]) -> dict[str, int]:
    parameters = template.get("Parameters", {}).items()
    return {name: int(each["MaxLength"]) for name, each in parameters if "MaxLength" in each}


def _report(permissions: Sequence[Permission], longest: dict[str, int]) -> Iterator[str]:
    for permission in permissions:
        yield f"{permission.sid}: {', '.join(permission.actions)}"
        yield from (f"  on {resource}" for resource in permission.resources)
        for operator, keys in permission.conditions.items():
            yield from (f"  if {operator} {key} = {' or '.join(values)}" for key, values in keys.items())
        yield ""
    actions = {action for permission in permissions for action in permission.actions}
    anywhere = {action for permission in permissions if "*" in permission.resources for action in permission.actions}
    every = len(schemas.iam_actions())
    size = policy_size(permissions, longest)
    yield f"actions                {len(actions)} of {every} that IAM knows ({len(actions) / every:.2%})"
    yield f"without resource level {len(anywhere)}"
    yield f"size                   {size} characters at the most, without white space"
    yield f"limits                 {ROLE_INLINE_LIMIT} in a role, {MANAGED_POLICY_LIMIT} in a managed policy"


if __name__ == "__main__":
    sys.exit(main())
