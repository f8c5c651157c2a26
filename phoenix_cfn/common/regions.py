"""The supported regions. In others, CloudFormation refuses the stack before it creates resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from troposphere import Ref

from phoenix_cfn.cloudformation.facts.regions import Regions
from phoenix_cfn.scope import Scope, part


def resource_types(*templates: dict[str, Any]) -> set[str]:
    """The types of AWS, without custom resources."""
    return _of_aws(resource["Type"] for template in templates for resource in template["Resources"].values())


def _of_aws(types: Iterable[str]) -> set[str]:
    return {kind for kind in types if kind.startswith("AWS::")}


@part
def refuse_other_regions(scope: Scope, others: Iterable[str] = ()) -> None:
    """A Rule on AWS::Region: the region has all types of the template and `others`, and the application trusts the
    certificate authority of its DocumentDB clusters.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    types = {*_of_aws(scope.template.types()), *others}
    database = scope.settings.database
    has_cluster = database.has_cluster
    regions = Regions.recorded().supported(types, database.class_of_instances if has_cluster else None)
    lacking = "a service that the stage uses" + (
        ", or the certificate authority of the database" if has_cluster else ""
    )
    scope.template.add_rule(
        "RegionHasAllServices",
        {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [regions, Ref("AWS::Region")]},
                    "AssertDescription": (
                        f"This region does not offer {lacking}. Choose a region that docs/regions.md lists."
                    ),
                }
            ]
        },
    )
