"""One spelling for what a template can write in several ways: parameters, names and identifiers of its resources."""

from __future__ import annotations

from phoenix_cfn.cloudformation.names import NAMES, REF_IS_URL
from phoenix_cfn.cloudformation.resource_types import resource_type
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Part, Ref, Text, text

_MOST_NESTED = 5

# Attributes of which Ref is another spelling, beside the primary identifier.
# Source: "Return values" of each type in the template reference.
_REF_IS = {
    "AWS::EC2::SecurityGroup": ("GroupId", "Id"),
    "AWS::EC2::EIP": ("PublicIp",),
    "AWS::EC2::Instance": ("InstanceId",),
    "AWS::Events::Rule": (),
    "AWS::SecretsManager::Secret": ("Id",),
    "AWS::DocDB::DBCluster": (),
    "AWS::DocDB::DBInstance": (),
}


# What these are in nearly every account; where they are not, no template that writes them out works at all.
_USUAL = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}

# ARNs by the name of a resource, which is its Ref. Source: the service authorization reference.
_REGION = "arn:aws:{}:${{AWS::Region}}:${{AWS::AccountId}}:{}"
_ARNS = {
    "AWS::DynamoDB::Table": ("Arn", _REGION.format("dynamodb", "table/")),
    "AWS::ECR::Repository": ("Arn", _REGION.format("ecr", "repository/")),
    "AWS::ECS::Cluster": ("Arn", _REGION.format("ecs", "cluster/")),
    "AWS::Kinesis::Stream": ("Arn", _REGION.format("kinesis", "stream/")),
    "AWS::Lambda::Function": ("Arn", _REGION.format("lambda", "function:")),
    "AWS::S3::Bucket": ("Arn", "arn:aws:s3:::"),
}


def spelled(stack: Stack, value: Text, depth: int = 0) -> Text:
    """The text with the values of parameters, the names of resources, and one spelling for each identifier."""
    if not value.refs:
        return value
    parts: list[Part | Text] = []
    for part in value.parts:
        parts.append(part if isinstance(part, str) else _part(stack, part, depth))
    return text(*parts)


def _part(stack: Stack, ref: Ref, depth: int) -> Part | Text:
    if ref.literal is not None:
        return ref.literal
    if ref.name in _USUAL:
        return _USUAL[ref.name]
    resource = stack.resources.get(ref.name)
    if resource is None or depth > _MOST_NESTED:
        return ref
    naming = NAMES.get(resource.type)
    if naming is not None and naming.is_name(ref.attribute):
        given = resource[naming.property].text
        return spelled(stack, given, depth + 1) if given is not None else Ref(ref.name)
    if not ref.attribute:
        return ref
    attribute, arn = _ARNS.get(resource.type, ("", ""))
    if ref.attribute == attribute:
        start = stack.text({"Fn::Sub": arn})
        return spelled(stack, text(start, Ref(ref.name)), depth + 1)
    given = resource.at(*ref.attribute.split(".")).text
    if given is not None:
        return spelled(stack, given, depth + 1)
    return Ref(ref.name) if ref.attribute in identifiers(resource.type) else ref


def identifiers(kind: str) -> tuple[str, ...]:
    """The attributes of a type that are what Ref is."""
    if kind in _REF_IS:
        return _REF_IS[kind]
    known, naming = resource_type(kind), NAMES.get(kind)
    if known is None or kind in REF_IS_URL or len(known.primary_identifier) != 1:
        return ()
    path = known.primary_identifier[0]
    # Where Ref is the name, it is not an identifier that AWS makes.
    return () if naming is not None and naming.ref and path[0] != naming.property else (".".join(path),)
