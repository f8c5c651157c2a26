"""Reading never fails, whatever a template is."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phoenix_cfn.cloudformation.capabilities import needed_capabilities
from phoenix_cfn.cloudformation.names import NAMES, physical_name
from phoenix_cfn.cloudformation.policies import grants
from phoenix_cfn.cloudformation.resource_policies import allows_service, key_allows_role, key_allows_service
from phoenix_cfn.cloudformation.roles import trusted, uses
from phoenix_cfn.cloudformation.scenarios import stacks
from phoenix_cfn.cloudformation.values import DYNAMIC

NAME = st.sampled_from(["A", "B", "P", "C", "AWS::Region", "AWS::NoValue", "A.Arn", ""])
SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), NAME, st.sampled_from(["${A}", "${A.b}-${!c}"])
)
KEY = st.sampled_from(
    [
        *(
            "Ref",
            "Condition",
            "Fn::GetAtt",
            "Fn::Sub",
            "Fn::Join",
            "Fn::Select",
            "Fn::Split",
            "Fn::If",
            "Fn::FindInMap",
        ),
        *("Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Transform", "Fn::Base64", "Fn::ImportValue", "Fn::"),
        *(
            "Type",
            "Properties",
            "DependsOn",
            "Default",
            "AllowedValues",
            "Statement",
            "Action",
            "Principal",
            "Policies",
        ),
        *("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy", "Name", "Roles", "ManagedPolicyArns"),
    ]
)
VALUE = st.recursive(
    SCALAR,
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(KEY, below, max_size=3), st.dictionaries(KEY, below, max_size=1)
    ),
    max_leaves=15,
)
TYPE = st.sampled_from([*NAMES, "AWS::IAM::Policy", "AWS::KMS::Key", "AWS::Events::Rule", "Custom::Thing"])
RESOURCE = st.one_of(
    VALUE, st.fixed_dictionaries({"Type": TYPE, "Properties": VALUE}, optional={"Condition": VALUE, "DependsOn": VALUE})
)
TEMPLATE = st.one_of(
    VALUE,
    st.fixed_dictionaries(
        {"Resources": st.dictionaries(NAME, RESOURCE, max_size=4)},
        optional={
            "Conditions": st.one_of(VALUE, st.dictionaries(NAME, VALUE, max_size=3)),
            "Parameters": st.one_of(VALUE, st.dictionaries(NAME, VALUE, max_size=3)),
            "Mappings": VALUE,
            "Transform": VALUE,
        },
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(template=TEMPLATE, values=st.dictionaries(NAME, st.text(max_size=3), max_size=2), defaults=st.booleans())
def test_odd_templates(template: Any, values: dict[str, str], defaults: bool) -> None:
    for stack in stacks(template, values=values, defaults=defaults):
        needed_capabilities(stack.template)
        uses(stack)
        assert stack.by_macro in (True, False)
        for resource in stack.resources.values():
            assert all(isinstance(reference.target, str) for reference in resource.references())
            assert all(value.literal is None or DYNAMIC not in value.literal for _, value in resource.texts())
            assert resource.id in stack.resources
            physical_name(resource)
            grants(stack, resource).allow("s3:GetObject", resource)
            trusted(resource)
            key_allows_role(resource, resource)
            key_allows_service(resource, "events")
            allows_service(resource["KeyPolicy"], "events")
            stack.waits_for(resource, {"B"})
