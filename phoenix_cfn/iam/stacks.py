"""A stack and its nested stacks. Unknown parts are errors, since the policy would be incomplete.

With an incomplete policy, the deployment would fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.cloudformation.loops import expanded
from phoenix_cfn.cloudformation.macros import LANGUAGE, calls_a_macro, transforms
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.alternatives import members
from phoenix_cfn.iam.handlers import Handlers, UnknownNeedsError
from phoenix_cfn.iam.resources import NESTED, Template
from phoenix_cfn.iam.supplements import is_custom

_PROCESSED = (
    "Use the processed template, with --transformed: `aws cloudformation get-template --template-stage Processed` "
    "prints it for a stack or a change set."
)
_MOST_NESTED = 10

# Returns the template of a nested stack, or None if it is unknown, from the path of logical ids, the TemplateURL, and
# whether it is the only nested stack.
Children = Callable[[tuple[str, ...], str, bool], "dict[str, Any] | None"]


class IncompleteError(PhoenixError):
    """The unknown parts of a template, one line each: the policy would be incomplete."""

    def __init__(self, unknown: list[str]) -> None:
        super().__init__(
            "\n".join(f"the permissions that CloudFormation needs are unknown for {each}" for each in unknown)
        )


def stacks(
    template: dict[str, Any], values: Mapping[str, str], children: Children, transformed: bool = False
) -> list[Template]:
    """The stack of a template, and its nested stacks. Raises IncompleteError, LoopError.

    `values`: see `Template`. `transformed`: whether the template's transforms have been applied.
    """
    found = _Stacks(children, transformed)
    found.add(template, values, ())
    if found.unknown:
        raise IncompleteError(found.unknown)
    return found.templates


class _Stacks:
    def __init__(self, children: Children, transformed: bool) -> None:
        self.templates: list[Template] = []
        self.unknown: list[str] = []
        self._children, self._transformed = children, transformed

    def add(self, template: dict[str, Any], values: Mapping[str, str], place: tuple[str, ...]) -> Template | None:
        """Adds a stack and its nested stacks, and returns it; None if its template is unknown."""
        unknown = list(_transforms(template, self._transformed))
        if not unknown:
            template = expanded(template, values)
            unknown = _without_type(template) or list(_unknown_types(template))
        inside = f" in {'.'.join(place)}" if place else ""
        self.unknown += [each.replace(": ", f"{inside}: ", 1) for each in unknown]
        if unknown and not _is_readable(template):
            return None
        stack = Template(template, values)
        self.templates.append(stack)
        last, wrong = len(self.templates), len(self.unknown)
        self._add_nested(stack, place)
        if not place and stack.nested and len(self.unknown) == wrong:
            # Again: a stack's parameter may be the output of a later one.
            del self.templates[last:]
            self._add_nested(stack, place)
        return stack

    def _add_nested(self, stack: Template, place: tuple[str, ...]) -> None:
        for logical_id in stack.of_type(NESTED):
            child = self._nested(stack, logical_id, (*place, logical_id))
            if child is not None:
                stack.nested[logical_id] = child

    def _nested(self, parent: Template, logical_id: str, place: tuple[str, ...]) -> Template | None:
        properties = parent.properties(logical_id)
        url = parent.resolve(properties.get("TemplateURL", ""))
        name = ".".join(place)
        if len(place) > _MOST_NESTED:
            self.unknown.append(f"{name}: stacks are nested in more than {_MOST_NESTED} levels")
            return None
        child = self._children(place, url, len(parent.of_type(NESTED)) == 1)
        if child is None:
            self.unknown.append(
                f"the nested stack {name}: its template {url or ''} is not available. Set it with --child {name}=FILE."
            )
            return None
        given = properties.get("Parameters", {})
        handed = {key: _text(parent, value) for key, value in given.items()} if isinstance(given, dict) else {}
        pseudo = {key: value for key, value in parent.values.items() if key.startswith("AWS::")}
        if parent.stack_name is not None:
            pseudo["AWS::StackName"] = f"{parent.stack_name}-{logical_id}-*"
        known = {str(key): value for key, value in handed.items() if value.strip("*,")}
        return self.add(child, {**pseudo, **known}, place)


def _text(parent: Template, value: Any) -> str:
    return ",".join(map(parent.resolve, members(value))) if isinstance(value, list) else parent.resolve(value)


def _is_readable(template: Mapping[str, Any]) -> bool:
    """Whether its resources are readable, so that the unknown parts of nested stacks are listed as well."""
    return not _without_type(template) and not any(str(each).startswith("Fn::") for each in template["Resources"])


def _without_type(template: Mapping[str, Any]) -> list[str]:
    return [
        f"{logical_id}: it has no Type, or its Properties are not an object"
        for logical_id, each in template["Resources"].items()
        if not isinstance(each, dict)
        or not isinstance(each.get("Type"), str)
        or not isinstance(each.get("Properties", {}), dict)
    ]


def _transforms(template: Mapping[str, Any], transformed: bool) -> Iterator[str]:
    """The transforms and macros with unknown results."""
    for name in [] if transformed else transforms(template):
        if name != LANGUAGE:
            yield f"the transform {name}, which is applied only in a deployment. {_PROCESSED}"
    if "Fn::Transform" in template or calls_a_macro(template["Resources"]):
        yield f"Fn::Transform, a macro which is applied only in a deployment. {_PROCESSED}"


def _unknown_types(template: Mapping[str, Any]) -> Iterator[str]:
    """The types with unknown permissions, with the reasons."""
    resources: Mapping[str, Mapping[str, Any]] = template["Resources"]
    custom = {each["Type"] for each in resources.values() if is_custom(each["Type"])}
    for name, each in resources.items():
        if each["Type"] in custom and "ServiceToken" not in each.get("Properties", {}):
            yield f"{each['Type']}: the custom resource {name} has no ServiceToken. Set it to an ARN."
    try:
        Handlers.of({each["Type"] for each in resources.values()} - custom)
    except UnknownNeedsError as error:
        for resource_type in error.resource_types:
            names = ", ".join(str(name) for name, each in resources.items() if each["Type"] == resource_type)
            yield f"{resource_type}: {_why(resource_type)} ({names})"


def _why(resource_type: str) -> str:
    if resource_type.startswith("AWS::Serverless::"):
        return f"SAM is applied only in a deployment. {_PROCESSED}"
    if resource_type.endswith("::MODULE"):
        return f"a module is expanded only in a deployment. {_PROCESSED}"
    if not resource_type.startswith("AWS::"):
        return "it is not a type of AWS; see its publisher's documentation. Deploy it in a stack with a separate role"
    if schemas.resource_schema(resource_type) is None:
        return f"cfn-lint {schemas.cfn_lint_version()} does not have this type. Correct its name, or update cfn-lint"
    return (
        f"the registry schema of cfn-lint {schemas.cfn_lint_version()} lists no handler permissions. Deploy it in a "
        "stack with a separate role, or, in a project of this library, add its actions as [[permissions]]"
    )
