"""The roles that a template passes to services.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from phoenix_cfn.cloudformation.functions import is_function
from phoenix_cfn.iam.alternatives import alternatives, members, mentions
from phoenix_cfn.iam.resources import Template, open_pattern
from phoenix_cfn.iam.supplements import passed_to

ROLE, _PROFILE = "AWS::IAM::Role", "AWS::IAM::InstanceProfile"
_IS_ROLE = re.compile(
    r"roles?$|roles?arns?$|iamrole(id|name)s?$|credentials$|logspermissionarn$|callerarn$", re.IGNORECASE
)
_IS_PROFILE = re.compile(r"instanceprofile(name|arn)?$|jobflowrole$", re.IGNORECASE)
# The author of the template chooses the names of their members.
_FREE = frozenset({"DefinitionSubstitutions", "Environment", "Metadata", "Parameters", "Tags", "UserData", "Variables"})
_ANY_ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
_ARN = re.compile(r"arn:[^*]+|arn:(\$\{[^}]*\}|[^:])*:iam::(\$\{[^}]*\}|[^:])*:role/.+|\$\{(?!AWS::|!)[^}]+\}")


class Outside(NamedTuple):
    """A passed role that the template does not create, or whose name is unknown. `source`, such as a parameter, sets
    it; it is empty if the ARN is known."""

    arn: str
    services: str
    source: str


def passed_roles(
    template: Template, passing: Collection[str]
) -> tuple[Mapping[str, frozenset[str]], frozenset[Outside]]:
    """The template's roles, by the services that they are passed to, joined by commas; and roles from outside.

    `passing`: the types that pass roles.
    """
    if not passing:
        return {}, frozenset()
    users: dict[str, set[str]] = defaultdict(set)
    outside = set()
    arns = {role: {arn for _, arn in template.owned(role)} for role in template.of_type(ROLE)}
    for logical_id, resource in template.resources.items():
        if resource["Type"] not in passing and resource["Type"] != _PROFILE:
            continue
        services = passed_to(resource["Type"])
        for value in _role_references(template.properties(logical_id)):
            own = _own(template, arns, value)
            for each in own:
                users[each].update(services)
            if not own and resource["Type"] in passing:
                outside |= _outside(template, value, services)
    by_services: dict[str, set[str]] = defaultdict(set)
    for role, every in arns.items():
        trusted = _trusted_services(template, role)
        to = trusted if trusted and "*" not in trusted else (trusted - {"*"}) | users[role]
        if to:
            unknown = {arn for arn in every if open_pattern(arn).endswith((":role/*", ":role/service-role/*"))}
            outside |= {Outside(arn, ",".join(sorted(to)), _name_of(template, role)) for arn in unknown}
            by_services[",".join(sorted(to))] |= every - unknown
    return {each: frozenset(roles) for each, roles in by_services.items() if roles}, frozenset(outside)


def _name_of(template: Template, role: str) -> str:
    """The source of a role's name."""
    name = template.properties(role).get("RoleName")
    return "AWS::StackName" if name is None else origin(template, name)


def _own(template: Template, arns: Mapping[str, set[str]], value: Any) -> set[str]:
    """The roles of the template in a value: by reference, ARN, name, or instance profile."""
    found = {name for name, attribute in mentions(value) if name in arns and attribute in ("", "Arn")}
    for name, _ in mentions(value):
        if name in template.resources and template.resources[name]["Type"] == _PROFILE:
            found |= {role for each in _roles_of_profile(template, name) for role in _own(template, arns, each)}
        # A loop over an unknown list has one iteration for all members.
        found |= {role for role in arns if "*" in role and fnmatchcase(name, role)}
    text = template.resolve(value)
    for role, every in arns.items():
        if any(text == arn or text == arn.rpartition("/")[2] for arn in every) and text.strip("*"):
            found.add(role)
    return found


def _roles_of_profile(template: Template, logical_id: str) -> Iterator[Any]:
    yield from members(template.properties(logical_id).get("Roles", []))


def _outside(template: Template, value: Any, services: Collection[str]) -> set[Outside]:
    """The role in a value that is not in the template."""
    if any(name in template.resources and template.resources[name]["Type"] == _PROFILE for name, _ in mentions(value)):
        return set()  # The roles of an instance profile are handled with the profile.
    text = template.resolve(value)
    if not text:
        return set()
    source, to = origin(template, value), ",".join(sorted(services))
    if _ARN.fullmatch(text):
        arn = text
    elif re.fullmatch(r"[\w+=,.@/-]+", text):
        arn = _ANY_ROLE + text.removeprefix("/")
    else:
        arn = _ANY_ROLE + "*"
    return {Outside(arn, to, source if arn.endswith("role/*") else "")}


def origin(template: Template, value: Any) -> str:
    """The source of an unknown value: a parameter, or another expression of the template."""
    names = list(mentions(value))
    for name, _ in names:
        if name in template.parameters or name == "AWS::StackName":
            return name
    for name, attribute in names:
        if not name.startswith("AWS::"):
            return f"{name}.{attribute}" if attribute else name
    if isinstance(value, Mapping):
        (function, argument), *_ = value.items() if value else (("a value", ""),)
        return f"{function} {argument if isinstance(argument, str) else json.dumps(argument, default=str)}"
    return str(value)


def _role_references(value: Any) -> Iterator[Any]:
    """All alternatives of values for roles and instance profiles, at any depth."""
    for each in alternatives(value):
        if isinstance(each, list):
            for inner in each:
                yield from _role_references(inner)
        elif isinstance(each, Mapping):
            for key, inner in each.items():
                if key in _FREE:
                    continue
                if _IS_ROLE.search(str(key)) or _IS_PROFILE.search(str(key)):
                    yield from _named(inner)
                else:
                    yield from _role_references(inner)


def _named(value: Any) -> Iterator[Any]:
    """The roles in a value for a role, a list of roles, or an object with roles."""
    for each in members(value):
        if not isinstance(each, Mapping) or is_function(each):
            yield each
            continue
        names = [key for key in ("Arn", "Name", "RoleArn") if key in each] or list(each)
        for name in names:
            yield from _named(each[name])


def _trusted_services(template: Template, role: str) -> set[str]:
    """The services that may assume a role, with `*` if not all are known."""
    found: set[str] = set()
    for trust in alternatives(template.properties(role).get("AssumeRolePolicyDocument", {})):
        document = _document(template, trust)
        if not isinstance(document, Mapping):
            found.add("*")
            continue
        for statement in members(document.get("Statement", [])):
            principals = statement.get("Principal", {}) if isinstance(statement, Mapping) else "*"
            for principal in alternatives(principals):
                if not isinstance(principal, Mapping):
                    found.add("*")
                elif set(map(str, principal)) <= {"AWS", "CanonicalUser", "Federated", "Service"}:
                    found.update(map(template.pattern, members(principal.get("Service", []))))
                else:
                    found.add("*")
    return found


def _document(template: Template, value: Any) -> Any:
    """A policy document, which may be JSON text."""
    if isinstance(value, Mapping) and "Fn::Sub" not in value and "Fn::Join" not in value:
        return value
    try:
        return json.loads(template.resolve(value))
    except (ValueError, RecursionError):
        return None
