"""The regions in which a stage runs. In others, CloudFormation refuses the stack before it creates anything."""

from __future__ import annotations

from typing import Any

from troposphere import Ref

from phoenix_cfn.facts.regions import Regions
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def supported_regions(settings: Settings, *templates: dict[str, Any]) -> list[str]:
    """Where AWS has every resource type of the templates, and the application the authority of its database."""
    return Regions.recorded().supported(resource_types(*templates), settings.database_instance_class)


def resource_types(*templates: dict[str, Any]) -> set[str]:
    """The types that AWS provides, custom resources left out."""
    kinds = {resource["Type"] for template in templates for resource in template["Resources"].values()}
    return {kind for kind in kinds if kind.startswith("AWS::")}


def refuse_other_regions(template: StageTemplate, settings: Settings, *templates: dict[str, Any]) -> None:
    """A Rule on AWS::Region, for a stage that is made of these templates.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    template.add_rule(
        "RegionHasAllServices",
        {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [supported_regions(settings, *templates), Ref("AWS::Region")]},
                    "AssertDescription": (
                        "This region lacks a service that the stage uses, or an authority for the database's "
                        "certificates. Choose another region: docs/regions.md lists them."
                    ),
                }
            ]
        },
    )
