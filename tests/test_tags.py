"""Tags take the form of each resource type, as troposphere and AWS's registry describe it."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import troposphere
from cfnlint.jsonschema import CfnTemplateValidator
from troposphere import AWSObject, If, Tags, autoscaling, ec2
from troposphere.cognito import UserPool
from troposphere.efs import FileSystem
from troposphere.guardduty import Detector, TagItem
from troposphere.sns import Topic
from troposphere.ssm import Parameter

from phoenix_cfn.cloudformation.resource_types import ResourceType, resource_type
from phoenix_cfn.tags import add_tags

TAGS = {"Project": "phoenix", "Stage": "dev"}
PAIRS = [{"Key": "Project", "Value": "phoenix"}, {"Key": "Stage", "Value": "dev"}]
TEAM = {"Key": "Team", "Value": "orders"}
GROUP = [{**pair, "PropagateAtLaunch": True} for pair in PAIRS]


def tagged(resource: AWSObject) -> Any:
    """The properties of a resource after `add_tags`, as plain data."""
    add_tags(resource, TAGS)
    return json.loads(json.dumps(resource.to_dict(validation=False), default=lambda each: each.to_dict())).get(
        "Properties", {}
    )


@pytest.mark.parametrize(
    ("resource", "tags"),
    [
        (Topic("A"), {"Tags": PAIRS}),
        (Topic("A", Tags=Tags(Team="orders")), {"Tags": [TEAM, *PAIRS]}),
        (Topic("A", Tags=Tags(Team="orders", Stage="own")), {"Tags": [TEAM, *PAIRS]}),
        (ec2.VPC("A"), {"Tags": PAIRS}),
        (ec2.VPC("A", Tags=[TEAM]), {"Tags": [TEAM, *PAIRS]}),
        (ec2.VPC("A", Tags=Tags(Team="orders")), {"Tags": [TEAM, *PAIRS]}),
        (Parameter("A", Tags={"Team": "orders", "Stage": "own"}), {"Tags": {"Team": "orders", **TAGS}}),
        (Detector("A", Tags=[TagItem(**TEAM)]), {"Tags": [TEAM, *PAIRS]}),
        (UserPool("A"), {"UserPoolTags": TAGS}),
        (FileSystem("A"), {"FileSystemTags": PAIRS}),
        (autoscaling.AutoScalingGroup("A"), {"Tags": GROUP}),
        (
            autoscaling.AutoScalingGroup("A", Tags=vars(autoscaling)["Tags"](Team=("orders", False))),
            {"Tags": [{**TEAM, "PropagateAtLaunch": False}, *GROUP]},
        ),
        (
            ec2.LaunchTemplate("A"),
            {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": PAIRS}]},
        ),
        (ec2.EC2Fleet("A"), {"TagSpecifications": [{"ResourceType": "fleet", "Tags": PAIRS}]}),
        (
            ec2.ClientVpnEndpoint(
                "A",
                TagSpecifications=[ec2.TagSpecifications(ResourceType="client-vpn-endpoint", Tags=Tags(Team="orders"))],
            ),
            {"TagSpecifications": [{"ResourceType": "client-vpn-endpoint", "Tags": [TEAM, *PAIRS]}]},
        ),
        (ec2.Route("A"), {}),
    ],
)
def test_tags_of_the_stage_join_those_of_the_resource(resource: AWSObject, tags: dict[str, Any]) -> None:
    assert tagged(resource) == tags


def test_tags_behind_a_function_are_an_error() -> None:
    with pytest.raises(TypeError, match=r"found tags as If; expected a list or Tags\(\.\.\.\)"):
        add_tags(Topic("A", Tags=If("C", Tags(Team="a"), Tags(Team="b"))), TAGS)


def _types() -> Iterator[tuple[type[AWSObject], ResourceType]]:
    for module in pkgutil.iter_modules(troposphere.__path__):
        for kind in vars(importlib.import_module(f"troposphere.{module.name}")).values():
            if inspect.isclass(kind) and issubclass(kind, AWSObject):
                known = resource_type(str(getattr(kind, "resource_type", None)))
                if known:
                    yield kind, known


def test_every_type_that_troposphere_and_the_registry_have_accepts_its_tags() -> None:
    """By the registry's own schema of the property."""
    refused: dict[str, object] = {}
    count = 0
    for kind, known in _types():
        for name, value in tagged(kind("A")).items():
            schema = {**known.schema["properties"][name], "definitions": known.schema.get("definitions", {})}
            errors = list(CfnTemplateValidator(schema).iter_errors(value))
            count += 1
            if errors:
                refused[known.name] = errors[0].message
    assert count > 1000
    assert refused == {}
