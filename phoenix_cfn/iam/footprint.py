"""What a template leaves in an account, as far as the rights to deploy, change and delete it depend on that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from phoenix_cfn.iam.handlers import Handlers, Supplied
from phoenix_cfn.iam.identity import SECRET_ENDING
from phoenix_cfn.iam.resources import Template
from phoenix_cfn.iam.supplements import SERVICE_LINKED_ROLES, features, needed

_ROLE, _SECRET = "AWS::IAM::Role", "AWS::SecretsManager::Secret"
_SECRET_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:}]+|\$\{[^}]+\}|[^:}]+)"
)
_SSM_REFERENCE = re.compile(r"\{\{resolve:ssm(-secure)?:|AWS::SSM::Parameter::Value<")

Names = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Footprint:
    """What follows from the resources of a template.

    `arns`: by type and kind what it creates, such as {"AWS::SQS::Queue": {"sqs:queue": ...}}. `features`: by type the
    properties in use that decide which actions it needs. `passed`: by services, joined by commas, the roles that are
    passed to them. `others`: roles that the template does not create, but passes. `secrets`: the ARNs that dynamic
    references read. `reads`: what else CloudFormation reads. `buckets`: the ARNs of buckets that properties name, and
    of the objects in them. `boundaries`: those of its roles. `linked`: the services whose role a fresh account lacks.
    `tags`: those that all resources with tags share.
    """

    arns: Mapping[str, Names] = field(default_factory=dict)
    features: Names = field(default_factory=dict)
    passed: Names = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    boundaries: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    tags: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, template: Template, supplied: Supplied | None = None) -> Footprint:
        """Of a template. Raises UnknownNeedsError for types of which it is not known what they need.

        `supplied`: see `Handlers.of`.
        """
        facts = Handlers.of(template.types(), supplied or {})
        used = {each: features(each, map(template.properties, template.of_type(each))) for each in template.types()}
        calls = {each: needed(each, facts.actions(each), used[each]) for each in template.types()}
        arns: dict[str, dict[str, set[str]]] = {each: defaultdict(set) for each in template.types()}
        for logical_id, resource in template.resources.items():
            for kind, arn in template.owned(logical_id):
                arns[resource["Type"]][kind].add(arn)
        passed, others = _passed(template, {each for each in calls if "iam:PassRole" in calls[each]})
        return cls(
            arns={each: _frozen(kinds) for each, kinds in arns.items()},
            features=_frozen({each: names for each, names in used.items() if names}),
            passed=passed,
            others=others,
            secrets=frozenset(_secret_arn(template, text) for text in _SECRET_REFERENCE.findall(template.text)),
            reads=frozenset(_reads(template)),
            buckets=frozenset(_buckets(template) if any("s3:" in "".join(each) for each in calls.values()) else ()),
            boundaries=frozenset(
                template.resolve(template.properties(role).get("PermissionsBoundary", "*"))
                for role in template.of_type(_ROLE)
            ),
            linked=frozenset(
                template.filled(SERVICE_LINKED_ROLES.get(resource["Type"], "*"), logical_id)
                for logical_id, resource in template.resources.items()
                if "iam:CreateServiceLinkedRole" in calls[resource["Type"]]
            ),
            tags=frozenset(template.common_tags().items()),
        )

    def types(self) -> set[str]:
        return set(self.arns)

    def __or__(self, other: Footprint) -> Footprint:
        """Of both; tags and boundaries those that hold for both, where both have resources."""
        kinds = {
            each: _union(self.arns.get(each, {}), other.arns.get(each, {})) for each in self.types() | other.types()
        }
        both = bool(self.arns and other.arns)
        return Footprint(
            arns=kinds,
            features=_union(self.features, other.features),
            passed=_union(self.passed, other.passed),
            others=self.others | other.others,
            secrets=self.secrets | other.secrets,
            reads=self.reads | other.reads,
            buckets=self.buckets | other.buckets,
            boundaries=self.boundaries | other.boundaries,
            linked=self.linked | other.linked,
            tags=self.tags & other.tags if both else self.tags | other.tags,
        )

    def __sub__(self, other: Footprint) -> Footprint:
        """What this has and the other does not have."""
        arns: dict[str, Names] = {}
        for each, kinds in self.arns.items():
            beyond = _difference(kinds, other.arns.get(each, {}))
            if beyond or each not in other.arns:
                arns[each] = beyond
        return Footprint(
            arns=arns,
            features=_difference(self.features, other.features),
            passed=_difference(self.passed, other.passed),
            others=self.others - other.others,
            secrets=self.secrets - other.secrets,
            reads=self.reads - other.reads,
            buckets=self.buckets - other.buckets,
            tags=self.tags if arns else frozenset(),
        )

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def _frozen(names: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in names.items()}


def _union(first: Names, second: Names) -> dict[str, frozenset[str]]:
    empty: frozenset[str] = frozenset()
    return {key: first.get(key, empty) | second.get(key, empty) for key in {**first, **second}}


def _difference(first: Names, second: Names) -> dict[str, frozenset[str]]:
    beyond = {key: values - second.get(key, frozenset()) for key, values in first.items()}
    return {key: values for key, values in beyond.items() if values}


def _passed(template: Template, passing: set[str]) -> tuple[Names, frozenset[str]]:
    """The roles that the template creates, by the services that they trust; others only where it names them."""
    if not passing:
        return {}, frozenset()
    by_services: dict[str, set[str]] = defaultdict(set)
    for role in template.of_type(_ROLE):
        services = ",".join(sorted(_trusted_services(template.properties(role)["AssumeRolePolicyDocument"])))
        by_services[services] |= {arn for _, arn in template.owned(role)}
    named = {
        template.resolve(value)
        for logical_id, resource in template.resources.items()
        if resource["Type"] in passing
        for value in _role_references(template.properties(logical_id))
    }
    own = {arn for arns in by_services.values() for arn in arns}
    others = {
        each if each.startswith(("arn:", "${")) else "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"
        for each in named - own
    }
    return _frozen(by_services), frozenset(others)


def _reads(template: Template) -> Iterator[str]:
    """What CloudFormation reads itself to fill in the template, and whether secrets are written with a key.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    if _SECRET_REFERENCE.search(template.text) or any(
        "KmsKeyId" in template.properties(each) for each in template.of_type(_SECRET)
    ):
        yield "keys of secrets"
    if _SSM_REFERENCE.search(template.text):
        yield "parameters"
    if '"Fn::GetAZs"' in template.text:
        yield "availability zones"


def _buckets(template: Template) -> Iterator[str]:
    """The ARNs of the buckets that properties name, wherever they do."""
    for logical_id in template.resources:
        for name in filter(None, map(template.resolve, _bucket_names(template.properties(logical_id)))):
            if name != "*":
                arn = name if name.startswith("arn:") else "arn:${AWS::Partition}:s3:::" + name
                yield from (arn, f"{arn}/*")


def _bucket_names(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            plain = isinstance(inner, str) or (isinstance(inner, Mapping) and len(inner) == 1)
            if plain and re.search(r"bucket(name|arn)?$", key, re.IGNORECASE):
                yield inner
            else:
                yield from _bucket_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _bucket_names(inner)


def _secret_arn(template: Template, text: str) -> str:
    secret = template.resolve({"Fn::Sub": text})
    if secret.startswith(("arn:", "${")):
        return secret
    place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
    return place + (secret if secret == "*" else secret + SECRET_ENDING)


def _role_references(value: Any) -> Iterator[Any]:
    """What stands where a role is expected, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key.lower().endswith(("role", "rolearn")):
                yield inner
            else:
                yield from _role_references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _role_references(inner)


def _trusted_services(trust: Mapping[str, Any]) -> set[str]:
    principals = (each.get("Principal", {}) for each in _listed(trust["Statement"]))
    return {name for each in principals if isinstance(each, Mapping) for name in _listed(each.get("Service", []))}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
