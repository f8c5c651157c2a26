"""The policy for the role that CloudFormation deploys a template with: what its resources need, and no more.

The role outlives the template: it also reads, takes back and deletes what an earlier template has left.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phoenix_cfn.iam.footprint import Footprint
from phoenix_cfn.iam.handlers import Handlers, Supplied, regular_place
from phoenix_cfn.iam.identity import OWNED, SECRET_ENDING, WITHOUT_TAG_CONDITIONS
from phoenix_cfn.iam.resources import Template
from phoenix_cfn.iam.statements import (
    Permission,
)
from phoenix_cfn.iam.supplements import needed

_STACK_TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
_GIVES_POWER = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    }
)
_UNNAMED_SECRET = ":secret:*" + SECRET_ENDING
# What a resource that the template no longer has still needs.
_OUTLIVING = ("read", "update", "delete", "list")
# From so many ARNs on that differ in a number only, `?` stands for its digits.
_MANY = 3


def deploy_permissions(
    template: Mapping[str, Any],
    values: Mapping[str, str],
    earlier: Footprint | None = None,
    supplied: Supplied | None = None,
) -> list[Permission]:
    """What CloudFormation needs to create, read, update, delete and list the resources of a template, and to take back
    what it no longer has: `earlier`.

    `values`: see `Template`; `supplied`: `Handlers.of`. Raises UnknownNeedsError for types of which that is not known.
    """
    known = Template(template, values)
    current, left = Footprint.of(known, supplied), earlier or Footprint()
    facts = Handlers.of((current | left).types(), supplied or {})
    found = _Derivation(current, left, known.stack_name, facts).permissions()
    return [each.with_texts(known.concrete) for each in found]


class _Derivation:
    """From the facts about resource types, and what a template has and earlier ones had of them, to statements."""

    def __init__(self, current: Footprint, earlier: Footprint, stack_name: str | None, facts: Handlers) -> None:
        self._current, self._all, self._stack_name = current, current | earlier, stack_name
        self._facts = facts
        self._needed = self._needed_by_type()
        self._owned: dict[str, list[str]] = defaultdict(list)
        for each in sorted(self._all.types()):
            for kind, arns in self._all.arns[each].items():
                self._owned[kind] += sorted(arns - set(self._owned[kind]))
        self._owned = defaultdict(list, {kind: _numbered(arns) for kind, arns in self._owned.items()})
        self._tags = {f"aws:ResourceTag/{key}": (value,) for key, value in sorted(self._all.tags)}

    def permissions(self) -> list[Permission]:
        own, deleting, anywhere = defaultdict(list), defaultdict(list), defaultdict(list)
        readers, without_level = [], []
        for action in sorted(set().union(*self._needed.values()) - {"iam:PassRole", "iam:CreateServiceLinkedRole"}):
            service = action.partition(":")[0]
            if not self._facts.kinds[action]:
                without_level.append(action)
            elif self._reads_all(action):
                readers.append(action)
            elif self._acts_on_strangers(action):
                anywhere[service].append(action)
            elif self._only_touches_tagged(action):
                deleting[service].append(action)
            else:
                own[service].append(action)

        found: list[Permission] = []
        for service in sorted({*own, *deleting, *anywhere}):
            name = service.title().replace("-", "")
            if service == "iam":
                found += self._role_permissions(own.pop(service, []))
            if own[service]:
                found.append(self._on_own(name, own[service]))
            if deleting[service]:
                stack = {_STACK_TAG: (str(self._stack_name),)}
                places = tuple(sorted({_place(arn) + "*" for arn in self._arns(deleting[service])}))
                found.append(
                    Permission(f"{name}OfThisStack", tuple(deleting[service]), places, {"StringEquals": stack})
                )
            if anywhere[service]:
                found.append(self._anywhere(f"{name}Anywhere", service, anywhere[service]))
        found += self._pass_role()
        found += self._service_linked_roles()
        found += self._references()
        if readers:
            found.append(Permission("DescribeAndList", tuple(readers), self._places(readers), {}))
        if without_level:
            found.append(Permission("WithoutResourceLevel", tuple(without_level), ("*",), {}))
        return found

    def _needed_by_type(self) -> dict[str, set[str]]:
        """The actions that each type needs."""
        empty: frozenset[str] = frozenset()
        return {
            each: needed(
                each,
                self._facts.actions(each) if each in self._current.arns else self._facts.actions(each, _OUTLIVING),
                self._all.features.get(each, empty),
            )
            for each in sorted(self._all.types())
        }

    def _reads_all(self, action: str) -> bool:
        """Whether it lists: what it is allowed for is then everything of its kind, not this stage's resources."""
        listed = any(action in self._facts.types[each].get("list", ()) for each in self._all.types())
        tells = action.partition(":")[2].startswith(("Describe", "List"))
        return tells and (listed or not self._owned_kinds(action))

    def _acts_on_strangers(self, action: str) -> bool:
        """Whether it acts on something of which this project does not know the ARN."""
        unknown = any(action in self._needed[each] for each in self._all.types() - set(OWNED))
        return unknown or not self._owned_kinds(action)

    def _owned_kinds(self, action: str) -> list[str]:
        service = action.partition(":")[0]
        return [f"{service}:{kind}" for kind in self._facts.kinds[action] if f"{service}:{kind}" in self._owned]

    def _only_touches_tagged(self, action: str) -> bool:
        """Whether all that it acts on is known by AWS's ids alone, but carries the stack's tag since it exists."""
        if self._stack_name is None or action.partition(":")[0] in WITHOUT_TAG_CONDITIONS:
            return False
        creating = any(action in self._facts.types[each].get("create", ()) for each in self._all.types())
        kinds = self._owned_kinds(action)
        tagged = {each.kind for type_ in self._facts.tagged for each in OWNED.get(type_, ()) if not each.part}
        anonymous = all(_is_anonymous(arn) for kind in kinds for arn in self._owned[kind])
        all_owned = len(kinds) == len(self._facts.kinds[action])
        return not creating and anonymous and all_owned and set(kinds) <= tagged

    def _arns(self, actions: Iterable[str]) -> tuple[str, ...]:
        kinds = sorted({kind for action in actions for kind in self._owned_kinds(action)})
        return tuple(dict.fromkeys(arn for kind in kinds for arn in self._owned[kind]))

    def _places(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Everything in this account and region that the actions can act on."""
        found = {
            self._facts.places.get(f"{service}:{kind}", regular_place(service)) + "*"
            for action in actions
            for service in [action.partition(":")[0]]
            for kind in self._facts.kinds[action]
        }
        return tuple(sorted(found))

    def _on_own(self, sid: str, actions: list[str]) -> Permission:
        return self._tagged(sid, actions, self._arns(actions))

    def _anywhere(self, sid: str, service: str, actions: list[str]) -> Permission:
        """What acts on resources of which the ARN is not known; of buckets, those that the template names."""
        if service == "s3" and self._all.buckets:
            return self._tagged(sid, actions, tuple(sorted(self._all.buckets)))
        return self._tagged(sid, actions, self._places(actions))

    def _tagged(self, sid: str, actions: list[str], arns: tuple[str, ...]) -> Permission:
        """Where ARNs do not tell stages apart, tags do: what carries another stage's is out of reach.

        IfExists, because what is being created has no tags yet, and KMS takes minutes to notice a tag. S3 does not look
        at the tags of buckets, and their ARNs do not have the account.
        """
        anonymous = any(_is_anonymous(arn) or arn.endswith(_UNNAMED_SECRET) for arn in arns)
        conditions = {"StringEqualsIfExists": self._tags} if self._tags and anonymous else {}
        if any(":s3:::*" in arn for arn in arns):
            conditions = {"StringEquals": {"aws:ResourceAccount": ("${AWS::AccountId}",)}}
        return Permission(sid, tuple(actions), arns, conditions)

    def _role_permissions(self, actions: list[str]) -> Iterator[Permission]:
        """Roles: what gives them power only together with the boundary."""
        boundaries = set(self._current.boundaries)
        boundary = boundaries.pop() if len(boundaries) == 1 else "*"
        bounded = [each for each in actions if each in _GIVES_POWER and boundary != "*"]
        rest = [each for each in actions if each not in bounded]
        if bounded:
            condition = {"StringEquals": {"iam:PermissionsBoundary": (boundary,)}}
            yield Permission("RolesWithinTheBoundary", tuple(bounded), self._arns(bounded), condition)
        if rest:
            yield self._on_own("Roles", rest)

    def _pass_role(self) -> Iterator[Permission]:
        """The roles that the stack has, to the services that they trust."""
        if not any("iam:PassRole" in actions for actions in self._needed.values()):
            return
        passed = sorted(self._all.passed.items())
        for number, (services, arns) in enumerate(passed, start=1):
            sid = "PassRole" if len(passed) == 1 else f"PassRole{number}"
            to = {"StringEquals": {"iam:PassedToService": tuple(services.split(","))}} if services else {}
            yield Permission(sid, ("iam:PassRole",), tuple(sorted(arns)), to)
        if self._all.others:
            yield Permission("PassOtherRoles", ("iam:PassRole",), tuple(sorted(self._all.others)), {})

    def _service_linked_roles(self) -> Iterator[Permission]:
        """Limited to the services that are known to have one; not limited where a type's is not known."""
        services = self._current.linked
        if services:
            known = not any("*" in each for each in services)
            yield Permission(
                "ServiceLinkedRoles",
                ("iam:CreateServiceLinkedRole",),
                ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*",),
                {"StringEquals": {"iam:AWSServiceName": tuple(sorted(services))}} if known else {},
            )

    def _references(self) -> Iterator[Permission]:
        """What CloudFormation reads itself to fill in the template, and the key that secrets are written with."""
        if self._all.secrets:
            secrets = tuple(sorted(self._all.secrets))
            yield Permission("DynamicReferences", ("secretsmanager:GetSecretValue",), secrets, {})
        if "keys of secrets" in self._all.reads:
            yield Permission(
                "KeysOfSecrets",
                ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
                ("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*",),
                {
                    "StringEquals": {"kms:ViaService": ("secretsmanager.${AWS::Region}.amazonaws.com",)},
                    **({"StringEqualsIfExists": self._tags} if self._tags else {}),
                },
            )
        if "parameters" in self._all.reads:
            place = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*"
            yield Permission("ParameterReferences", ("ssm:GetParameters",), (place,), {})
        if "availability zones" in self._all.reads and not any(
            "ec2:DescribeAvailabilityZones" in actions for actions in self._needed.values()
        ):
            yield Permission("AvailabilityZones", ("ec2:DescribeAvailabilityZones",), ("*",), {})


def _numbered(arns: list[str]) -> list[str]:
    """The ARNs, where many differ in the number at their end only with `?` for its digits."""
    alike = defaultdict(list)
    for arn in arns:
        name = re.sub(r"\d+$", "", arn)
        alike[name, len(arn) - len(name)].append(arn)
    families = defaultdict(list)
    for (name, digits), every in alike.items():
        families[name].append((digits, every))
    found: list[str] = []
    for name, members in families.items():
        many = sum(len(every) for _, every in members) >= _MANY
        for digits, every in members:
            found += [name + "?" * digits] if many and digits else every
    return sorted(found)


def _is_anonymous(arn: str) -> bool:
    """Whether nothing in the ARN tells this stage's resources from those of others."""
    _, _, service, *_, path = re.sub(r"\$\{AWS::\w+\}", "", arn).split(":", 5)
    kind = "" if service in WITHOUT_TAG_CONDITIONS else "([a-z-]+[/:])?"
    return bool(re.fullmatch(rf"{kind}\*", path))


def _place(arn: str) -> str:
    """An ARN up to and with the account."""
    found = re.match(r"(?:(?:\$\{[^}]*\}|[^:$])*:){5}", arn)
    return found[0] if found else ""
