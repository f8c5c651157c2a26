"""The regions in which a stage runs. In others, CloudFormation refuses the stack before it creates anything."""

from __future__ import annotations

from typing import Any

from troposphere import Ref

from phoenix_cfn.cloudformation.facts.regions import Regions
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.settings import Settings


def supported_regions(settings: Settings, *templates: dict[str, Any]) -> list[str]:
    """Where AWS has every resource type of the templates, and the application the authority of its database."""
    return Regions.recorded().supported(resource_types(*templates), settings.database.instance_class)


def resource_types(*templates: dict[str, Any]) -> set[str]:
    """The types that AWS provides, custom resources left out."""
    kinds = {resource["Type"] for template in templates for resource in template["Resources"].values()}
    return {kind for kind in kinds if kind.startswith("AWS::")}


@part
def refuse_other_regions(scope: Scope, *templates: dict[str, Any]) -> None:
    """A Rule on AWS::Region, for a stage that is made of these templates.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    scope.template.add_rule(
        "RegionHasAllServices",
        {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [supported_regions(scope.settings, *templates), Ref("AWS::Region")]},
                    "AssertDescription": (
                        "This region lacks a service that the stage uses, or an authority for the database's "
                        "certificates. Choose another region: docs/regions.md lists them."
                    ),
                }
            ]
        },
    )
