"""The least-privilege policy for the role with which CloudFormation deploys a template.

The role is also for updates and rollbacks: it can read, update and delete the resources of earlier templates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Any

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.iam.footprint import Footprint
from phoenix_cfn.iam.handlers import Handlers, Supplied, regular_place
from phoenix_cfn.iam.identity import OWNED, SECRET_ENDING, WITHOUT_TAG_CONDITIONS
from phoenix_cfn.iam.resources import Template, open_pattern
from phoenix_cfn.iam.statements import Conditions, Permission, with_own_sids
from phoenix_cfn.iam.supplements import needed
from phoenix_cfn.iam.surroundings import own_kinds

_SECRET = "AWS::SecretsManager::Secret"
_STACK_TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
_GIVES_POWER = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    }
)
# Tagging actions apply to the resource that the type creates.
_TAGGING = re.compile(r"(create|delete|add|remove|put|list)tags\w*|(un)?tag\w+", re.IGNORECASE)
# Variables other than pseudo parameters are ARNs, and values without wildcards are literal.
_ARN = re.compile(r"\$\{(?!AWS::|!)|arn:[^*]+$|arn:(?:\$\{[^}]*\}|[^:$])*:[a-z0-9-]+(?::(?:\$\{[^}]*\}|[^:$])*){2}:.")
_UNNAMED_SECRET = ":secret:*" + SECRET_ENDING
# The handlers for a resource that is no longer in the template.
_OUTLIVING = ("read", "update", "delete", "list")
# From this number of ARNs on that differ only in a number, `?` replaces its digits.
_MANY = 3


def deploy_permissions(
    template: Mapping[str, Any],
    values: Mapping[str, str],
    earlier: Footprint | None = None,
    supplied: Supplied | None = None,
    current: Footprint | None = None,
) -> list[Permission]:
    """The permissions of CloudFormation to create, read, update, delete and list the resources of a template, and to
    update and delete those of `earlier` ones.

    `values`: see `Template`; `supplied`: see `Handlers.of`; `current` is the template's footprint, if the caller has
    it. Raises UnknownNeedsError for types with unknown permissions.
    """
    stack = Template(template, values)
    return _permissions([stack], current or Footprint.of(stack, supplied), earlier, supplied)


def permissions_of_stacks(
    stacks: Sequence[Template], earlier: Footprint | None = None, supplied: Supplied | None = None
) -> list[Permission]:
    """The permissions for a stack, which is the first, and its nested stacks."""
    return _permissions(stacks, reduce(or_, (Footprint.of(each, supplied) for each in stacks)), earlier, supplied)


def _permissions(
    stacks: Sequence[Template], current: Footprint, earlier: Footprint | None, supplied: Supplied | None
) -> list[Permission]:
    left = earlier or Footprint()
    facts = Handlers.of((current | left).types(), supplied or {})
    names = tuple(each.stack_name for each in stacks if each.stack_name is not None)
    found = _Derivation(current, left, names, facts).permissions()
    return with_own_sids(each.with_texts(stacks[0].concrete).with_resources(_as_arn) for each in found)


def _as_arn(text: str) -> str:
    """A resource of a statement: unknown parts are wildcards, and a value that is not an ARN is `*`.

    IAM accepts no wildcard for the service.
    """
    arn = re.sub(r"[^ -\u00ff]+", "*", open_pattern(text))
    return arn if arn == "*" or _ARN.match(arn) else "*"


class _Derivation:
    """Derives statements from the facts of resource types and the footprints of current and earlier templates."""

    def __init__(self, current: Footprint, earlier: Footprint, stacks: tuple[str, ...], facts: Handlers) -> None:
        self._current, self._all, self._stacks = current, current | earlier, stacks
        self._facts = facts
        self._needed = self._needed_by_type()
        self._listing, self._creating = self._called_by("list"), self._called_by("create")
        strangers = self._all.types() - set(OWNED)
        self._needed_by_strangers = {action for each in strangers for action in self._needed[each]}
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
            name = re.sub(r"\W", "", service.title())
            if service == "iam":
                found += self._role_permissions(own[service])
            else:
                # A new resource has no tags that distinguish it from the resource that it is created in.
                alone = [each for each in own[service] if not (_creates(each) and self._arns_of_others(each))]
                found += [self._on_own(name, alone)] if alone else []
            if deleting[service]:
                places = tuple(sorted({_place(arn) + "*" for arn in self._arns(deleting[service])}))
                stack = _equal(_STACK_TAG, self._stacks)
                found.append(Permission(f"{name}OfThisStack", tuple(deleting[service]), places, stack))
            found += self._around(name, [*own[service], *deleting[service]])
            found += self._anywhere(name, service, anywhere[service])
        found += self._pass_role()
        found += self._custom_resources()
        found += self._nested_templates()
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

    def _called_by(self, handler: str) -> set[str]:
        """The actions that this handler of any type calls."""
        return {action for each in self._all.types() for action in self._facts.actions(each, [handler])}

    def _reads_all(self, action: str) -> bool:
        """Whether it lists resources: its permission is then for all resources of the kind, not only this stage's."""
        tells = action.partition(":")[2].startswith(("Describe", "List"))
        return tells and (action in self._listing or not self._owned_kinds(action))

    def _acts_on_strangers(self, action: str) -> bool:
        """Whether it acts on resources with unknown ARNs."""
        return action in self._needed_by_strangers or not self._owned_kinds(action)

    def _owned_kinds(self, action: str) -> list[str]:
        service = action.partition(":")[0]
        return [f"{service}:{kind}" for kind in self._facts.kinds[action] if f"{service}:{kind}" in self._owned]

    def _only_touches_tagged(self, action: str) -> bool:
        """Whether all its resources have generated ids, but the stack's tags from their creation."""
        if not self._stacks or action.partition(":")[0] in WITHOUT_TAG_CONDITIONS:
            return False
        kinds = self._owned_kinds(action)
        tagged = {each.kind for type_ in self._facts.tagged for each in OWNED.get(type_, ()) if not each.part}
        anonymous = all(_is_anonymous(arn) for kind in kinds for arn in self._owned[kind])
        all_owned = len(kinds) == len(self._facts.kinds[action])
        return action not in self._creating and anonymous and all_owned and set(kinds) <= tagged

    def _arns(self, actions: Iterable[str]) -> tuple[str, ...]:
        kinds = sorted({kind for action in actions for kind in self._owned_kinds(action)})
        return tuple(dict.fromkeys(arn for kind in kinds for arn in self._owned[kind]))

    def _places(self, actions: Iterable[str]) -> tuple[str, ...]:
        """All resources in this account and region that the actions can act on."""
        found = {
            self._facts.places.get(f"{service}:{kind}", regular_place(service)) + "*"
            for action in actions
            for service in [action.partition(":")[0]]
            for kind in self._facts.kinds[action]
        }
        return tuple(sorted(found))

    def _on_own(self, sid: str, actions: list[str]) -> Permission:
        return self._tagged(sid, actions, self._arns(actions))

    def _around(self, name: str, actions: list[str]) -> Iterator[Permission]:
        """Actions that create or attach a resource in another one: for all of its kind, without the template's tags."""
        by_arns = defaultdict(list)
        for action in actions:
            arns = self._arns_of_others(action)
            if arns:
                own = self._created_arns(action) if _creates(action) else ()
                by_arns[tuple(sorted({*arns, *own}))].append(action)
        for every, alike in sorted(by_arns.items()):
            yield Permission(f"{name}OfOthers", tuple(alike), every, {})

    def _created_arns(self, action: str) -> tuple[str, ...]:
        """For the template's resources, without those of earlier templates only, which are no longer created."""
        kinds = self._owned_kinds(action)
        now = (self._current.arns[each].get(kind, ()) for each in self._current.types() for kind in kinds)
        return tuple(_numbered(sorted({arn for arns in now for arn in arns})))

    def _arns_of_others(self, action: str) -> set[str]:
        service, _, plain = action.partition(":")
        kinds = {f"{service}:{kind}" for kind in self._facts.kinds[action] if not _TAGGING.fullmatch(plain)}
        return {
            arn
            for each, around in self._all.around.items()
            if action in self._needed[each]
            for kind in kinds & set(around)
            for arn in around[kind]
        }

    def _anywhere(self, name: str, service: str, actions: list[str]) -> Iterator[Permission]:
        """For resources with unknown ARNs; for buckets, those in the template's properties."""
        if service == "s3" and self._all.buckets and actions:
            unknown = {each for each in self._all.buckets if each.endswith(":*")}
            for buckets in filter(None, (self._all.buckets - unknown, unknown)):
                yield self._tagged(f"{name}Anywhere", actions, tuple(sorted(buckets)))
            return
        own = [each for each in actions if not self._tags or not self._kinds_of_others(each)]
        # Separate statements: an unknown ARN of one kind does not widen another.
        by_reach = [[each for each in own if self._is_of_a_stranger(each) is wide] for wide in (True, False)]
        for alike in filter(None, by_reach):
            yield self._tagged(f"{name}Anywhere", alike, self._reach(alike))
        others = [each for each in actions if each not in own]
        also_own = [each for each in others if self._kinds_of_own(each) and not _creates(each)]
        if also_own:
            arns = _patterns(kind for each in also_own for kind in self._kinds_of_own(each))
            yield self._tagged(f"{name}Anywhere", also_own, arns)
        if others:
            created = _patterns(kind for each in others if _creates(each) for kind in self._kinds_of_own(each))
            found = {arn for each in others for kind in self._kinds_of_others(each) for arn in self._named(each, kind)}
            arns = tuple(sorted({*created, *found}))
            yield Permission(f"{name}OfOthers", tuple(others), *self._untagged(arns))

    def _kinds_of_others(self, action: str) -> set[str]:
        """The kinds of an action whose resources may not all belong to the template."""
        service, _, name = action.partition(":")
        kinds = {f"{service}:{kind}" for kind in self._facts.kinds[action]}
        users = [each for each in self._all.types() if action in self._needed[each]]
        around = {kind for each in users for kind in self._all.around.get(each, {})}
        return set() if _TAGGING.fullmatch(name) else (kinds - self._kinds_of_types) | (kinds & around)

    def _kinds_of_own(self, action: str) -> set[str]:
        service = action.partition(":")[0]
        return {f"{service}:{kind}" for kind in self._facts.kinds[action]} - self._kinds_of_others(action)

    def _named(self, action: str, kind: str) -> set[str]:
        """The ARNs of a kind for an action: those in the template, or all if there are none."""
        users = [each for each in self._all.types() if action in self._needed[each]]
        named = [self._all.around.get(each, {}).get(kind) for each in users]
        known = all(each in OWNED for each in users) and all(named)
        return {arn for arns in named if arns for arn in arns} if known else set(_patterns([kind]))

    @cached_property
    def _kinds_of_types(self) -> set[str]:
        return {kind for each in self._all.types() for kind in own_kinds(each, self._kinds_needed(each))}

    def _kinds_needed(self, resource_type: str) -> frozenset[str]:
        actions = self._needed[resource_type]
        return frozenset(f"{each.partition(':')[0]}:{kind}" for each in actions for kind in self._facts.kinds[each])

    def _is_of_a_stranger(self, action: str) -> bool:
        """Whether a type needs it for resources with unknown ARNs."""
        service = action.partition(":")[0]
        strangers = [each for each in self._all.types() - set(OWNED) if action in self._needed[each]]
        kinds = {kind for each in strangers for kind in own_kinds(each, self._kinds_needed(each))}
        return bool(strangers) and (not kinds or any(each.startswith(f"{service}:") for each in kinds))

    def _reach(self, actions: Iterable[str]) -> tuple[str, ...]:
        """The resources of actions of types with unknown ARNs: everything of these services in the account."""
        found: set[str] = set()
        for action in actions:
            service = action.partition(":")[0]
            if self._is_of_a_stranger(action):
                found.update(self._places([action]))
            else:
                kinds = (f"{service}:{kind}" for kind in self._facts.kinds[action])
                found.update(arn for kind in kinds for arn in self._named(action, kind))
        return tuple(sorted(found)) or self._places(actions)

    def _tagged(self, sid: str, actions: list[str], arns: tuple[str, ...]) -> Permission:
        """Limits resources by tags where ARNs do not contain the stage: resources of other stages are excluded.

        IfExists, because a new resource has no tags yet, and KMS applies a tag only after minutes. S3 does not evaluate
        the tags of buckets, and their ARNs do not contain the account.
        """
        anonymous = any(_is_anonymous(arn) or arn.endswith(_UNNAMED_SECRET) for arn in arns)
        resources, conditions = self._untagged(arns)
        if self._tags and anonymous and not conditions:
            conditions = {"StringEqualsIfExists": self._tags}
        return Permission(sid, tuple(actions), resources, conditions)

    def _untagged(self, arns: tuple[str, ...]) -> tuple[tuple[str, ...], Conditions]:
        """The ARNs, and the condition that limits buckets of any name to the account."""
        every_bucket = any(":s3:::*" in arn for arn in arns)
        return arns, {"StringEquals": {"aws:ResourceAccount": ("${AWS::AccountId}",)}} if every_bucket else {}

    def _role_permissions(self, actions: list[str]) -> Iterator[Permission]:
        """Roles: actions that give them permissions are allowed only with the boundary."""
        boundaries = set(self._current.boundaries)
        boundary = boundaries.pop() if len(boundaries) == 1 else "*"
        bounded = [each for each in actions if each in _GIVES_POWER and boundary != "*"]
        rest = [each for each in actions if each not in bounded]
        if bounded:
            within = _equal("iam:PermissionsBoundary", (boundary,))
            yield Permission("RolesWithinTheBoundary", tuple(bounded), self._arns(bounded), within)
        if rest:
            yield self._on_own("Roles", rest)

    def _pass_role(self) -> Iterator[Permission]:
        """The stack's roles, by the services that they trust, and other roles in its properties."""
        if not any("iam:PassRole" in actions for actions in self._needed.values()):
            return
        passed = sorted(self._all.passed.items())
        for number, (services, arns) in enumerate(passed, start=1):
            sid = "PassRole" if len(passed) == 1 else f"PassRole{number}"
            yield Permission(sid, ("iam:PassRole",), tuple(sorted(arns)), _passed_to({services}))
        others = defaultdict(list)
        for each in self._all.others:
            others[each.source, "" if each.source else each.services].append(each)
        for (source, _), alike in sorted(others.items()):
            sid = f"PassRoleFrom{_words(source)}" if source else "PassOtherRoles"
            resources = tuple(sorted({each.arn for each in alike}))
            yield Permission(sid, ("iam:PassRole",), resources, _passed_to({each.services for each in alike}))

    def _custom_resources(self) -> Iterator[Permission]:
        """CloudFormation uses the role to invoke the functions and topics of custom resources."""
        for sid, service, action in (
            ("CustomResources", "lambda", "lambda:InvokeFunction"),
            ("CustomResourcesByTopics", "sns", "sns:Publish"),
        ):
            arns = tuple(sorted(each for each in self._all.tokens if f":{service}:" in each))
            if arns:
                yield Permission(sid, (action,), arns, {})

    def _service_linked_roles(self) -> Iterator[Permission]:
        """Service-linked roles: limited to known services; not limited if the service of a type is unknown."""
        services = self._current.linked
        if services:
            known = not any("*" in each for each in services)
            yield Permission(
                "ServiceLinkedRoles",
                ("iam:CreateServiceLinkedRole",),
                ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*",),
                {"StringEquals": {"iam:AWSServiceName": tuple(sorted(services))}} if known else {},
            )

    def _nested_templates(self) -> Iterator[Permission]:
        """CloudFormation uses the role to read the templates of nested stacks."""
        if self._all.templates:
            yield Permission("NestedTemplates", ("s3:GetObject",), tuple(sorted(self._all.templates)), {})

    def _keys_are_own(self) -> bool:
        """Whether all secrets are encrypted with keys that have the tags: of the template, or of its variables."""
        kinds = self._all.arns.get(_SECRET, {}).values()
        own = {arn for arns in kinds for arn in arns}
        others = any(not arn.startswith("${") for arn in self._all.secrets - own)
        return not others and "keys of others" not in self._all.reads

    def _references(self) -> Iterator[Permission]:
        """The values that CloudFormation reads to process the template, and the keys of its secrets."""
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
                    **({"StringEqualsIfExists": self._tags} if self._tags and self._keys_are_own() else {}),
                },
            )
        if "parameters" in self._all.reads:
            places = ["arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*"]
            if "public parameters" in self._all.reads:
                # Those of AWS have no account.
                places.append("arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/*")
            yield Permission("ParameterReferences", ("ssm:GetParameters",), tuple(places), {})
        if "availability zones" in self._all.reads and not any(
            "ec2:DescribeAvailabilityZones" in actions for actions in self._needed.values()
        ):
            yield Permission("AvailabilityZones", ("ec2:DescribeAvailabilityZones",), ("*",), {})


def _creates(action: str) -> bool:
    return action.partition(":")[2].startswith(("Allocate", "Create", "Import", "Register", "Restore", "Run"))


def _patterns(kinds: Iterable[str]) -> tuple[str, ...]:
    """The ARNs of everything of these kinds."""
    every = [schemas.arn_patterns(*kind.split(":", 1)) for kind in kinds]
    return tuple(sorted({arn for arns in every for arn in arns}))


def _equal(key: str, values: tuple[str, ...]) -> Conditions:
    """The condition that a key has one of these values, with wildcards."""
    return {"StringLike" if any("*" in each for each in values) else "StringEquals": {key: values}}


def _passed_to(services: Iterable[str]) -> Conditions:
    """The condition for services joined by commas; empty for records without services."""
    names = tuple(sorted({name for each in services for name in each.split(",") if name}))
    return _equal("iam:PassedToService", names) if names else {}


def _words(text: str) -> str:
    """A text as part of a Sid, which has letters and digits only."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))[:64]


def _numbered(arns: list[str]) -> list[str]:
    """The ARNs; if many differ only in the number at the end, with `?` for its digits."""
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
    """Whether the ARN does not distinguish this stage's resources from others."""
    _, _, service, *_, path = re.sub(r"\$\{AWS::\w+\}", "", arn).split(":", 5)
    kind = "" if service in WITHOUT_TAG_CONDITIONS else "([a-z-]+[/:])?"
    return bool(re.fullmatch(rf"{kind}\*", path))


def _place(arn: str) -> str:
    """An ARN up to and with the account."""
    found = re.match(r"(?:(?:\$\{[^}]*\}|[^:$])*:){5}", arn)
    return found[0] if found else ""
