"""`phoenix-cfn iam`, or `python -m phoenix_cfn.iam`: the policy that CloudFormation needs to deploy a template."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from phoenix_cfn.cli.arguments import add_set
from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.cloudformation.documents import TemplateError, read_template, template_in
from phoenix_cfn.cloudformation.limits import MANAGED_POLICIES_OF_A_ROLE, MANAGED_POLICY_LIMIT, ROLE_INLINE_LIMIT
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.deploy import permissions_of_stacks
from phoenix_cfn.iam.footprint import Footprint
from phoenix_cfn.iam.handlers import Handlers
from phoenix_cfn.iam.resources import Template
from phoenix_cfn.iam.stacks import stacks
from phoenix_cfn.iam.statements import Permission, policy_size, split_policies

_PSEUDO = frozenset(
    f"AWS::{name}" for name in ("AccountId", "NotificationARNs", "Partition", "Region", "StackId", "StackName")
) | {"AWS::URLSuffix"}


class UsageError(PhoenixError):
    """Arguments that do not match the template."""


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code 0. Raises PhoenixError for a template or resource types with unknown permissions."""
    options = _parse(arguments, prog)
    path: Path = options.template
    template = _read(path)
    _check_names(template, dict(options.set))
    children = _Children(path, options.child)
    try:
        every = stacks(template, dict(options.set), children, options.transformed is not None)
        children.check_all_used()
        permissions = permissions_of_stacks(every)
        longest = every[0].longest()
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        # cfn-lint reports all values that CloudFormation does not accept.
        raise TemplateError(
            f"{path}: found a value that CloudFormation does not accept ({type(error).__name__}: {error}); expected a "
            f"valid template. Run `phoenix-cfn lint {path}` to find the value."
        ) from error
    _print_policies(options, permissions, longest)
    for note in _notes(every, permissions, longest, options):
        print(f"{prog}: {note}", file=sys.stderr)
    return 0


def _print_policies(options: argparse.Namespace, permissions: Sequence[Permission], longest: Mapping[str, int]) -> None:
    if options.split:
        documents = split_policies("the policy", permissions, longest)
        print(json.dumps([_document(each) for each in documents], indent=1))
    elif options.json:
        print(json.dumps(_document(permissions), indent=1))
    else:
        print("\n".join(_report(permissions, longest)))


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints the IAM policy for the role that CloudFormation uses to deploy a template.",
        epilog="Exit code: 0; 2 for invalid input, or if the policy would be incomplete.",
    )
    parser.add_argument(
        "template", type=Path, nargs="?", help="a CloudFormation template, YAML or JSON; - for standard input"
    )
    parser.add_argument(
        "--json", action="store_true", help="the policy document, with Fn::Sub for values that are not set"
    )
    parser.add_argument(
        "--split", action="store_true", help="a JSON list of policy documents, each within the size of a managed policy"
    )
    add_set(
        parser,
        "the value of a parameter, or of a pseudo parameter such as AWS::StackName; parameters that are not set become "
        "wildcards",
    )
    parser.add_argument(
        "--child",
        action="append",
        default=[],
        metavar="[LOGICAL_ID=]FILE",
        help="the template of a nested stack; without a logical id, for the stack whose TemplateURL ends with the "
        "file's name, or for the only one",
    )
    parser.add_argument(
        "--transformed",
        nargs="?",
        type=Path,
        const=True,
        metavar="FILE",
        help="the template is processed: it contains the resources of macros and SAM. With "
        "FILE, FILE is the processed template",
    )
    options = parser.parse_args(arguments)
    if isinstance(options.transformed, Path):
        # The template itself, or its processed form in another file.
        options.template = options.transformed
    if options.template is None:
        parser.error("the following arguments are required: template")
    return options


def _read(path: Path) -> dict[str, Any]:
    if str(path) != "-":
        return read_template(path)
    try:
        return template_in(sys.stdin.buffer.read().decode("utf-8"), "standard input")
    except UnicodeDecodeError as error:
        raise TemplateError("standard input is not UTF-8 text; expected a template in YAML or JSON.") from error


def _check_names(template: Mapping[str, Any], values: Mapping[str, str]) -> None:
    parameters = {str(each) for each in template.get("Parameters", {})}
    unknown = sorted(set(values) - parameters - _PSEUDO)
    if unknown:
        raise UsageError(
            f"--set: found no parameter {', '.join(unknown)}; expected one of the template's "
            f"({', '.join(sorted(parameters)) or 'it has none'}), or a pseudo parameter such as AWS::StackName."
        )


class _Children:
    """The templates of nested stacks: those of the command line, and files beside the template."""

    def __init__(self, template: Path, given: Sequence[str]) -> None:
        self._folder = Path() if str(template) == "-" else template.parent
        self._named: dict[str, Path] = {}
        self._unnamed: list[Path] = []
        self._used: set[Path] = set()
        for each in given:
            name, equals, file = each.partition("=")
            if equals and not Path(each).exists():
                self._named[name] = Path(file)
            else:
                self._unnamed.append(Path(each))
        self._templates = {path: _read(path) for path in [*self._named.values(), *self._unnamed]}

    def __call__(self, place: tuple[str, ...], url: str, alone: bool) -> dict[str, Any] | None:
        name = url.partition("?")[0].rpartition("/")[2]
        matching = [each for each in self._unnamed if each.name == name]
        if not matching and alone and len(place) == 1 and len(self._unnamed) == 1:
            matching = self._unnamed
        path = self._named.get(".".join(place)) or (matching[0] if matching else None)
        if path is not None:
            self._used.add(path)
            return self._templates[path]
        # As `aws cloudformation package` does.
        local = self._folder / url
        if url and "*" not in url and "://" not in url and local.is_file():
            return read_template(local)
        return None

    def check_all_used(self) -> None:
        """Raises UsageError for a file that is not the template of a nested stack."""
        unused = [str(each) for each in self._templates if each not in self._used]
        if unused:
            raise UsageError(
                f"--child: found no nested stack for {', '.join(unused)}; expected its logical id, as in "
                "--child Network=network.yml."
            )


def _document(permissions: Iterable[Permission]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [each.to_json() for each in permissions]}


def _notes(
    every: Sequence[Template],
    permissions: Sequence[Permission],
    longest: Mapping[str, int],
    options: argparse.Namespace,
) -> Iterator[str]:
    """Notes about the policy."""
    footprint = reduce(or_, map(Footprint.of, every))
    strange = Handlers.of(footprint.types()).not_actions
    names = sorted({name for each in footprint.types() for name in strange.get(each, ())})
    if names:
        yield f"omitted, since these actions do not exist in IAM: {', '.join(names)}"
    sources: dict[str, set[str]] = {}
    for each in footprint.others:
        if each.source:
            sources.setdefault(each.source, set()).update(each.services.split(","))
    for source, services in sorted(sources.items()):
        known = source in _PSEUDO or any(source in template.parameters for template in every)
        yield (
            f"{source}, which sets a role, is not known: iam:PassRole is allowed for every role, to "
            f"{every[0].concrete(', '.join(sorted(services)))}."
            + (f" Set it with --set {source}={'NAME' if source in _PSEUDO else 'ARN'}." if known else "")
        )
    if any(arn.endswith(":function:*") for arn in footprint.tokens):
        yield "the ServiceToken of a custom resource is not known: all functions and topics are allowed."
    if any(arn.endswith(":::*/*") for arn in footprint.templates):
        yield "the TemplateURL of a nested stack is not known: s3:GetObject is allowed for all objects."
    size = policy_size(permissions, longest)
    if options.split:
        count = len(split_policies("the policy", permissions, longest))
        if count > MANAGED_POLICIES_OF_A_ROLE:
            yield (
                f"these are {count} managed policies; a role can have {MANAGED_POLICIES_OF_A_ROLE} by default. Set "
                "names on the resources and values with --set, or split the template."
            )
    elif size > MANAGED_POLICY_LIMIT:
        fits = "" if size > ROLE_INLINE_LIMIT else "not "
        yield (
            f"the policy has up to {size} characters: more than the {MANAGED_POLICY_LIMIT} of a managed policy, and "
            f"{fits}more than the {ROLE_INLINE_LIMIT} of a role's inline policies. --split prints smaller policies."
        )


def _report(permissions: Sequence[Permission], longest: Mapping[str, int]) -> Iterator[str]:
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
