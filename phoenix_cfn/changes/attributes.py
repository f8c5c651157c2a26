"""What a reference to a resource stands for after an update: the same value, another one, or perhaps another one."""

from __future__ import annotations

from collections.abc import Callable

from phoenix_cfn.cloudformation.functions import set_elsewhere
from phoenix_cfn.cloudformation.resource_types import resource_type
from phoenix_cfn.cloudformation.stack import Stack

from .outcomes import Change, Outcome, Verdict
from .spellings import identifiers

# Properties for which an instance stops and starts.
_STOPPING = ("InstanceType", "UserData", "EbsOptimized", "KernelId", "RamdiskId", "Tenancy", "HostId", "Affinity")

# Attributes that change while a resource stays: by type and attribute, the properties that change them; without any
# property, every update does. An empty attribute is Ref. Source: "Return values" in the page of each type.
_IN_PLACE: dict[str, dict[str, tuple[str, ...]]] = {
    "AWS::Batch::JobDefinition": {"": (), "JobDefinitionArn": ()},
    "AWS::CodePipeline::Pipeline": {"Version": ()},
    "AWS::DocDB::DBCluster": {"Port": ("Port",)},
    "AWS::DynamoDB::Table": {"StreamArn": ("StreamSpecification",)},
    "AWS::EC2::Instance": dict.fromkeys(("PublicIp", "PublicDnsName"), _STOPPING),
    "AWS::EC2::LaunchTemplate": {
        "LatestVersionNumber": ("LaunchTemplateData", "VersionDescription"),
        "DefaultVersionNumber": (),
    },
    "AWS::EC2::VPC": {"CidrBlockAssociations": ()},
    "AWS::MSK::Configuration": {"LatestRevision.Revision": ("ServerProperties",)},
    "AWS::Neptune::DBCluster": {"Port": ("DBPort",)},
    "AWS::RDS::DBCluster": {"Endpoint.Port": ("Port",)},
    "AWS::RDS::DBInstance": {"Endpoint.Port": ("Port",)},
    "AWS::StepFunctions::StateMachine": {
        "StateMachineRevisionId": (
            "Definition",
            "DefinitionString",
            "DefinitionS3Location",
            "RoleArn",
            "DefinitionSubstitutions",
            "LoggingConfiguration",
            "TracingConfiguration",
        ),
    },
}

# The same for every resource of the type in a region.
_CONSTANT = {
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID"),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "CanonicalHostedZoneNameID"),
}

Compare = Callable[[str, tuple[str, ...]], Verdict]
"""Whether a property of a resource, by its path, is the same on both sides."""


def state(attribute: str, change: Change, stacks: tuple[Stack, Stack], compare: Compare) -> Verdict:
    """Whether Ref (an empty attribute) or an attribute of a resource is the same after its change."""
    kind = change.type
    if change.outcome in (Outcome.UNCHANGED, Outcome.REFUSED) or (kind, attribute) in _CONSTANT:
        return Verdict.SAME
    if change.outcome in (Outcome.ADDED, Outcome.REMOVED):
        return Verdict.DIFFERENT
    if set_elsewhere(kind, attribute) and attribute:
        return Verdict.PERHAPS
    path = tuple(attribute.split(".")) if attribute else ()
    given = [stack.resources[change.id].at(*path).given for stack in stacks if change.id in stack.resources and path]
    own = compare(change.id, path) if any(given) else None
    if change.outcome is Outcome.REPLACED:
        return own if own is not None and all(given) else _replaced(attribute, change, compare)
    in_place = own if own is not None else _in_place(attribute, change)
    if change.outcome in (Outcome.MAY_BE_REPLACED, Outcome.UNKNOWN):
        return max(in_place, Verdict.PERHAPS) if own is None else in_place
    return in_place


def _replaced(attribute: str, change: Change, compare: Compare) -> Verdict:
    """Of a replaced resource: another identifier, unless the template gives it and the old one is deleted first."""
    known = resource_type(change.type)
    if known is None or not known.deleted_first or (attribute and attribute not in identifiers(change.type)):
        return Verdict.DIFFERENT
    if known.read_only.intersection(known.primary_identifier):
        return Verdict.DIFFERENT
    return max((compare(change.id, path) for path in known.primary_identifier), default=Verdict.DIFFERENT)


def _in_place(attribute: str, change: Change) -> Verdict:
    """Of a resource that stays: the properties that changed decide."""
    causes = _IN_PLACE.get(change.type, {}).get(attribute)
    if causes is None:
        return Verdict.SAME
    changed = {reason.property.partition(".")[0] for reason in change.reasons if reason.property}
    return Verdict.DIFFERENT if not causes or changed & set(causes) else Verdict.SAME
