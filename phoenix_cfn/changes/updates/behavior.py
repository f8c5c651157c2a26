"""What a difference does to its resource: by a rule with a source, or else by the registry schema of its type."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.changes.comparison import Path
from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.changes.shapes import Shape
from phoenix_cfn.cloudformation.nodes import MISSING
from phoenix_cfn.cloudformation.resource_types import PropertyPath, ResourceType
from phoenix_cfn.cloudformation.values import Text

from . import compute, databases
from .documented import DOCUMENTED
from .effects import (
    REGISTRY,
    Effect,
    Rule,
    Rules,
    Update,
    may_replace,
    page,
    replaces,
    unknown,
    updates,
)
from .interruptions import INTERRUPTIONS

# The first that has a property decides: values before a word for all of them.
TABLES: tuple[Rules, ...] = (compute.RULES, databases.RULES, INTERRUPTIONS, DOCUMENTED)
_IMMUTABLE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeType.html"
_ADDING = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html"
)
_CUSTOM = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html"
_NESTED = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html"

# Types of which each change makes a revision, as it is meant.
_REVISIONS = {
    "AWS::ECS::TaskDefinition": "a new revision is registered, as for every change",
    "AWS::Lambda::LayerVersion": "a new version is published, as for every change",
    "AWS::Lambda::Version": "a new version is published, as for every change",
}

# What AWS takes where a property is not given, for those that replace. Source: the page of each type.
_DEFAULTS = {
    ("AWS::EC2::VPC", "InstanceTenancy"): "default",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme"): "internet-facing",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Type"): "application",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetType"): "instance",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "ProtocolVersion"): "HTTP1",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "IpAddressType"): "ipv4",
    ("AWS::EC2::NatGateway", "ConnectivityType"): "public",
    ("AWS::EC2::VPCEndpoint", "VpcEndpointType"): "Gateway",
    ("AWS::EFS::FileSystem", "PerformanceMode"): "generalPurpose",
    ("AWS::EFS::FileSystem", "Encrypted"): "false",
    ("AWS::ECS::Service", "SchedulingStrategy"): "REPLICA",
    ("AWS::IAM::Role", "Path"): "/",
    ("AWS::IAM::ManagedPolicy", "Path"): "/",
    ("AWS::Lambda::Function", "PackageType"): "Zip",
    ("AWS::RDS::DBCluster", "EngineMode"): "provisioned",
    ("AWS::RDS::DBCluster", "StorageEncrypted"): "false",
    ("AWS::RDS::DBInstance", "StorageEncrypted"): "false",
    ("AWS::DocDB::DBCluster", "StorageEncrypted"): "false",
    ("AWS::SNS::Topic", "FifoTopic"): "false",
    ("AWS::SQS::Queue", "FifoQueue"): "false",
    ("AWS::StepFunctions::StateMachine", "StateMachineType"): "STANDARD",
}


def effect(update: Update, known: ResourceType | None) -> Effect:
    """What a difference does. `known` is the type's facts; None for a type that AWS's registry does not have."""
    kind = update.after.type
    if not update.difference.path:
        return unknown("its Properties are not an object", page(kind))
    found = _by_rule(update, kind) or _by_type(kind, known)
    if found is None and known is not None:
        found = _by_schema(update, known)
    found = found or unknown("AWS's registry has no such type")
    if not found.source:
        found = Effect(found.outcome, found.text, page(kind))
    return found if update.certain else _weakened(found)


def _by_rule(update: Update, kind: str) -> Effect | None:
    path = update.difference.path
    for table in TABLES:
        rules = table.get(kind)
        if not rules:
            continue
        for length in range(len(path), 0, -1):
            rule = rules.get(path[:length])
            applied = _applied(rule, update)
            if applied is not None:
                return applied
        # An object that comes or goes with properties that have a rule.
        below = [_applied(rule, update) for where, rule in rules.items() if _is_within(update, where)]
        heaviest = max((each for each in below if each), key=lambda each: each.outcome.rank, default=None)
        if heaviest is not None:
            return heaviest
    if is_custom(kind) and path[:1] == ("ServiceToken",):
        return _applied(compute.RULES["AWS::CloudFormation::CustomResource"][("ServiceToken",)], update)
    return None


def _applied(rule: Rule | None, update: Update) -> Effect | None:
    return rule(update) if callable(rule) else rule


def _is_within(update: Update, where: Path) -> bool:
    """Whether a place lies below a difference, and one of the two sides has a value there."""
    path = update.difference.path
    if len(where) <= len(path) or where[: len(path)] != path:
        return False
    return any(_has(each, where[len(path) :]) for each in (update.difference.old, update.difference.new))


def _has(value: Any, path: Path) -> bool:
    if not path:
        return value is not MISSING
    if isinstance(value, list):
        return any(_has(each, path) for each in value)
    if isinstance(value, dict):
        return path[0] in value and _has(value[path[0]], path[1:])
    # What a function computes may have it.
    return isinstance(value, Text) and bool(value.refs)


def is_custom(kind: str) -> bool:
    return kind == "AWS::CloudFormation::CustomResource" or kind.startswith("Custom::")


def _by_type(kind: str, known: ResourceType | None) -> Effect | None:
    if is_custom(kind):
        return may_replace("the function behind a custom resource decides: another PhysicalResourceId", _CUSTOM)
    if kind == "AWS::CloudFormation::Stack":
        return unknown("what the nested stack does follows from its template", _NESTED)
    if known is not None and known.permissions and "update" not in known.permissions:
        return replaces("the type has no update handler: it is replaced for every change", _IMMUTABLE)
    return None


def _by_schema(update: Update, known: ResourceType) -> Effect:
    path = update.difference.path
    if _touches(update, known.create_only):
        if (update.added or update.removed) and _is_default(update, known):
            return may_replace(
                "the default is written out, or no longer: adding or removing a property that replaces "
                "is an update even if the value stays",
                _ADDING,
            )
        return replaces(_REVISIONS.get(known.name, "a change replaces the resource (createOnly)"), REGISTRY)
    if _touches(update, known.conditional_create_only):
        return may_replace("a change replaces the resource in some cases (conditionalCreateOnly)", REGISTRY)
    if known.tag_property == path[:1] and not known.tags_updatable:
        return may_replace("the registry schema says that tags cannot be updated", REGISTRY)
    if not Shape.of(known.schema).knows(path[0]):
        return unknown("the registry schema has no such property", REGISTRY)
    return updates("in place", REGISTRY)


def _touches(update: Update, paths: frozenset[PropertyPath]) -> bool:
    """Whether a difference is at, below or above one of these properties, and there is a value of it."""
    path = update.difference.path
    for pointer in paths:
        plain = tuple(each for each in pointer if each not in ("*", "items"))
        if plain == path[: len(plain)] or _is_within(update, plain):
            return True
    return False


def _is_default(update: Update, known: ResourceType) -> bool:
    path = update.difference.path
    shape = Shape.of(known.schema)
    for name in path:
        shape = shape.member(name)
    default = _DEFAULTS.get((known.name, path[0])) if len(path) == 1 else None
    value = update.new if update.added else update.old
    if default is None and isinstance(shape.default, (str, bool, int, float)):
        default = str(shape.default).lower() if isinstance(shape.default, bool) else str(shape.default)
    return default is not None and value is not None and shape.equal(value, default)


_WEAKER = {Outcome.REPLACED: Outcome.MAY_BE_REPLACED, Outcome.REFUSED: Outcome.UNKNOWN}


def _weakened(found: Effect) -> Effect:
    """The effect of a value that differs only perhaps."""
    return Effect(_WEAKER.get(found.outcome, found.outcome), found.text, found.source)
