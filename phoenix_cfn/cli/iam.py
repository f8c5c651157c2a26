"""`phoenix-cfn iam`, also `python -m phoenix_cfn.iam`: the policy with which CloudFormation can deploy a template."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from phoenix_cfn.cli.arguments import assignment
from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.cloudformation.documents import TemplateError, read_template
from phoenix_cfn.cloudformation.limits import MANAGED_POLICY_LIMIT, ROLE_INLINE_LIMIT
from phoenix_cfn.iam.deploy import deploy_permissions
from phoenix_cfn.iam.handlers import Handlers
from phoenix_cfn.iam.statements import Permission, policy_size


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code is 0. Raises PhoenixError for a template, or resource types, of which the needs are not known."""
    options = _parse(arguments, prog)
    template = read_template(options.template)
    try:
        permissions = deploy_permissions(template, dict(options.set))
        strange, longest = _names_left_out(template), _longest(template)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # Functions with arguments of a wrong shape, tags that are no lists, and so on: cfn-lint knows them all.
        raise TemplateError(
            f"{options.template}: found a value that CloudFormation does not accept ({error}); expected a valid "
            f"template. Run `phoenix-cfn lint {options.template}`: its findings lead to the value."
        ) from error
    if strange:
        print(f"{prog}: IAM does not know {', '.join(strange)}: left out", file=sys.stderr)
    if options.json:
        document = {"Version": "2012-10-17", "Statement": [each.to_json() for each in permissions]}
        print(json.dumps(document, indent=1))
    else:
        print("\n".join(_report(permissions, longest)))
    return 0


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints the policy for the role with which CloudFormation deploys a template.",
        epilog="Exit code: 0; 2 for what cannot be used.",
    )
    parser.add_argument("template", type=Path, help="a CloudFormation template, YAML or JSON")
    parser.add_argument("--json", action="store_true", help="the policy document; Fn::Sub where values are not set")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=assignment,
        metavar="NAME=VALUE",
        help="what a parameter, or a pseudo parameter such as AWS::StackName, will be; parameters that are not set "
        "become wildcards",
    )
    return parser.parse_args(arguments)


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
