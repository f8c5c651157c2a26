"""The resources of a template in an account, as far as the permissions to deploy, update and delete it need them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from phoenix_cfn.iam.alternatives import alternatives, may_be_absent, mentions
from phoenix_cfn.iam.handlers import Handlers, Supplied
from phoenix_cfn.iam.identity import SECRET_ENDING
from phoenix_cfn.iam.passed_roles import ROLE, Outside, passed_roles
from phoenix_cfn.iam.resources import NESTED, Template, open_pattern
from phoenix_cfn.iam.supplements import SERVICE_LINKED_ROLES, features, is_custom, needed
from phoenix_cfn.iam.surroundings import surroundings

_SECRET = "AWS::SecretsManager::Secret"
# A part of a dynamic reference, in a template as JSON; a variable of Fn::Sub in it may contain colons.
_PART = r'(?:\$\{[^}"]*\}|[^:}"\\])'
_SECRET_REFERENCE = re.compile(
    rf"\{{\{{resolve:secretsmanager:(?:(arn:{_PART}*:secretsmanager:{_PART}*:{_PART}*:secret:{_PART}+|{_PART}+)(?=[:}}]))?"
)
_SSM_REFERENCE = re.compile(r"\{\{resolve:ssm(-secure)?:|AWS::SSM::Parameter::Value<")

Names = Mapping[str, frozenset[str]]


class Footprint(Struct, frozen=True):
    """The footprint of a template.

    `arns`: the created resources by type and kind, such as {"AWS::SQS::Queue": {"sqs:queue": ...}}. `features`: by
    type, the used properties that need additional actions. `passed`: the passed roles, by services joined by commas.
    `others`: passed roles that the template does not create. `around`: by type and kind, the resources in which others
    are created or to which they are attached. `tokens`: the service tokens of custom resources. `secrets`: the ARNs in
    dynamic references. `reads`: other values that CloudFormation reads. `buckets`: the ARNs of buckets in properties,
    and of their objects. `boundaries`: those of the roles. `linked`: services with a service-linked role. `templates`:
    the ARNs of the templates of nested stacks. `tags`: the common tags of all resources with tags.
    """

    arns: Mapping[str, Names] = {}
    features: Names = {}
    passed: Names = {}
    others: frozenset[Outside] = frozenset()
    around: Mapping[str, Names] = {}
    tokens: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    boundaries: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    tags: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, template: Template, supplied: Supplied | None = None) -> Footprint:
        """The footprint of a template. Raises UnknownNeedsError for types with unknown permissions.

        `supplied`: see `Handlers.of`.
        """
        types = template.types() - _made_by_tokens(template, supplied or {})
        facts = Handlers.of(types, supplied or {})
        by_id = {logical_id: resource["Type"] for logical_id, resource in template.resources.items()}
        used = {each: features(each, map(template.properties, template.of_type(each)), by_id) for each in types}
        calls = {each: needed(each, facts.actions(each), used[each]) for each in types}
        arns: dict[str, dict[str, set[str]]] = {each: defaultdict(set) for each in types}
        for logical_id, each in by_id.items():
            for kind, arn in template.owned(logical_id) if each in types else ():
                arns[each][kind].add(arn)
        passed, others = passed_roles(template, {each for each in calls if "iam:PassRole" in calls[each]})
        kinds = {
            each: {f"{action.partition(':')[0]}:{kind}" for action in actions for kind in facts.kinds.get(action, ())}
            for each, actions in calls.items()
        }
        return cls(
            arns={each: _frozen(kinds) for each, kinds in arns.items()},
            features=_frozen({each: names for each, names in used.items() if names}),
            passed=passed,
            others=others,
            secrets=frozenset(_secret_arn(template, text) for text in _SECRET_REFERENCE.findall(template.text)),
            reads=frozenset(_reads(template)),
            tokens=frozenset(_tokens(template)),
            around={each: _frozen(arns) for each, arns in surroundings(template, kinds, arns).items()},
            templates=frozenset(_templates(template)),
            buckets=frozenset(_buckets(template) if any("s3:" in "".join(each) for each in calls.values()) else ()),
            boundaries=frozenset(_boundary(template, role) for role in template.of_type(ROLE)),
            linked=frozenset(
                open_pattern(template.filled(SERVICE_LINKED_ROLES.get(resource["Type"], "*"), logical_id))
                for logical_id, resource in template.resources.items()
                if "iam:CreateServiceLinkedRole" in calls.get(resource["Type"], ())
            ),
            tags=frozenset(template.common_tags().items()),
        )

    def types(self) -> set[str]:
        return set(self.arns)

    def __or__(self, other: Footprint) -> Footprint:
        """The union of both; of tags and boundaries the intersection, if both have resources."""
        kinds = {
            each: _union(self.arns.get(each, {}), other.arns.get(each, {})) for each in self.types() | other.types()
        }
        both = bool(self.arns and other.arns)
        return Footprint(
            arns=kinds,
            features=_union(self.features, other.features),
            passed=_union(self.passed, other.passed),
            others=self.others | other.others,
            around={
                each: _union(self.around.get(each, {}), other.around.get(each, {}))
                for each in {**self.around, **other.around}
            },
            tokens=self.tokens | other.tokens,
            secrets=self.secrets | other.secrets,
            reads=self.reads | other.reads,
            templates=self.templates | other.templates,
            buckets=self.buckets | other.buckets,
            boundaries=self.boundaries | other.boundaries,
            linked=self.linked | other.linked,
            tags=self.tags & other.tags if both else self.tags | other.tags,
        )

    def __sub__(self, other: Footprint) -> Footprint:
        """The entries that the other footprint does not have."""
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
            around={
                each: beyond
                for each, kinds in self.around.items()
                if (beyond := _difference(kinds, other.around.get(each, {})))
            },
            tokens=self.tokens - other.tokens,
            secrets=self.secrets - other.secrets,
            reads=self.reads - other.reads,
            templates=self.templates - other.templates,
            buckets=self.buckets - other.buckets,
            tags=self.tags if arns else frozenset(),
        )

    def __bool__(self) -> bool:
        return any(getattr(self, each) for each in self.__struct_fields__)


def _frozen(names: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in names.items()}


def _union(first: Names, second: Names) -> dict[str, frozenset[str]]:
    empty: frozenset[str] = frozenset()
    return {key: first.get(key, empty) | second.get(key, empty) for key in {**first, **second}}


def _difference(first: Names, second: Names) -> dict[str, frozenset[str]]:
    beyond = {key: values - second.get(key, frozenset()) for key, values in first.items()}
    return {key: values for key, values in beyond.items() if values}


def _templates(template: Template) -> Iterator[str]:
    """The S3 objects with the templates of nested stacks; all objects if a URL is unknown.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    for logical_id in template.of_type(NESTED):
        for value in alternatives(template.properties(logical_id).get("TemplateURL", "*")):
            url = template.pattern(value).partition("?")[0]
            by_host = re.fullmatch(r"https://([^/*$]+)\.s3[.-][^/]*/(.+)", url)
            by_path = re.fullmatch(r"https://s3[.-][^/]*/([^/*$]+)/(.+)", url)
            found = by_host or by_path
            yield f"arn:${{AWS::Partition}}:s3:::{f'{found[1]}/{found[2]}' if found else '*/*'}"


def _boundary(template: Template, role: str) -> str:
    """The boundary that a role always has; `*` without one."""
    boundary = template.properties(role).get("PermissionsBoundary", "*")
    return "*" if may_be_absent(boundary) else template.pattern(boundary)


def _made_by_tokens(template: Template, supplied: Supplied) -> set[str]:
    """The types of custom resources, whose permissions follow from their service tokens."""
    return {
        each
        for each in template.types() - set(supplied)
        if is_custom(each) and all("ServiceToken" in template.properties(name) for name in template.of_type(each))
    }


def _tokens(template: Template) -> Iterator[str]:
    """The functions and topics of custom resources; all functions and topics if the token is unknown.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
    """
    place = "${AWS::Region}:${AWS::AccountId}"
    for logical_id, resource in template.resources.items():
        if not is_custom(resource["Type"]):
            continue
        for token in alternatives(template.properties(logical_id).get("ServiceToken", "")):
            arn = template.resolve(token)
            if re.match(r"arn:.*:(lambda|sns):", arn):
                yield arn
            else:
                yield from (
                    f"arn:${{AWS::Partition}}:lambda:{place}:function:*",
                    f"arn:${{AWS::Partition}}:sns:{place}:*",
                )


def _reads(template: Template) -> Iterator[str]:
    """The values that CloudFormation reads to process the template, and whether secrets have customer managed keys.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
    """
    if _SECRET_REFERENCE.search(template.text) or any(
        "KmsKeyId" in template.properties(each) for each in template.of_type(_SECRET)
    ):
        yield "keys of secrets"
    if not all(_is_own_key(template, template.properties(each).get("KmsKeyId")) for each in template.of_type(_SECRET)):
        yield "keys of others"
    if _SSM_REFERENCE.search(template.text):
        yield "parameters"
        if "/aws/service/" in template.text or template.has_unset_references():
            yield "public parameters"
    if '"Fn::GetAZs"' in template.text:
        yield "availability zones"


def _is_own_key(template: Template, key: Any) -> bool:
    names = [name for name, _ in mentions(key) if name in template.resources]
    return key is None or any(template.resources[name]["Type"].startswith("AWS::KMS::") for name in names)


def _buckets(template: Template) -> Iterator[str]:
    """The ARNs of the buckets in any properties; all buckets if a name is unknown."""
    for logical_id in template.resources:
        for value in _bucket_names(template.properties(logical_id)):
            name = template.resolve(value)
            if name.startswith("arn:") and ":s3:" not in name:
                continue
            arn = name if name.startswith("arn:") else "arn:${AWS::Partition}:s3:::" + name
            if arn.endswith(":*"):
                yield arn
            elif name:
                yield from (arn, f"{arn}/*")


def _bucket_names(value: Any) -> Iterator[Any]:
    for each in alternatives(value):
        if isinstance(each, Mapping):
            for key, inner in each.items():
                if not re.search(r"bucket(name|arn)?$", str(key), re.IGNORECASE):
                    yield from _bucket_names(inner)
                    continue
                for one in alternatives(inner):
                    if isinstance(one, str) or (isinstance(one, Mapping) and len(one) == 1):
                        yield one
                    else:
                        yield from _bucket_names(one)
        elif isinstance(each, list):
            for inner in each:
                yield from _bucket_names(inner)


def _secret_arn(template: Template, text: str) -> str:
    secret = template.resolve({"Fn::Sub": text or "*"})
    if re.match(r"arn:|\$\{(?!AWS::|!)", secret):
        return secret
    place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
    return place + (secret if secret == "*" else secret + SECRET_ENDING)
