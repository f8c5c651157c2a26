"""References: each place that names something, what it names, and that only what applies counts."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.references import Reference, names_in, references
from tests.cloudformation.reading import stack, template

EXPRESSIONS: dict[str, list[tuple[str, str, str]]] = {
    "!Ref Vpc": [("Ref", "Vpc", "")],
    "!Ref AWS::Region": [("Ref", "AWS::Region", "")],
    "!Ref AWS::NoValue": [],
    "!GetAtt Db.Endpoint.Address": [("Fn::GetAtt", "Db", "Endpoint.Address")],
    "{'Fn::GetAtt': [Db, Endpoint.Address]}": [("Fn::GetAtt", "Db", "Endpoint.Address")],
    "{'Fn::GetAtt': [Db, !Ref Attribute]}": [("Fn::GetAtt", "Db", ""), ("Ref", "Attribute", "")],
    "!Sub '${Vpc}-${Db.Port}-${!Literal}'": [("Fn::Sub", "Vpc", ""), ("Fn::Sub", "Db", "Port")],
    "!Sub ['${Own}-${Vpc}', {Own: !Ref Db}]": [("Fn::Sub", "Vpc", ""), ("Ref", "Db", "")],
    "!Join ['', [!Ref A, [!Ref B]]]": [("Ref", "A", ""), ("Ref", "B", "")],
    "!If [IsProd, !Ref A, !Ref B]": [("Condition", "IsProd", ""), ("Ref", "A", ""), ("Ref", "B", "")],
    "!And [!Condition A, !Equals [!Ref B, x]]": [("Condition", "A", ""), ("Ref", "B", "")],
    "{Effect: Allow, Condition: {StringEquals: {a: !Ref B}}}": [("Ref", "B", "")],
    "!ImportValue {'Fn::Sub': '${Network}-vpc'}": [("Fn::Sub", "Network", "")],
    "{Ref: [A]}": [],
    "{'Fn::GetAtt': {a: b}}": [],
    "{'Fn::Sub': []}": [],
    "Ref": [],
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression(expression: str) -> None:
    found = list(references(template(f"Value: {expression}")["Value"]))
    assert [reference[1:] for reference in found] == EXPRESSIONS[expression]
    assert names_in(template(f"Value: {expression}")) == {
        name for function, name, _ in EXPRESSIONS[expression] if function != "Condition"
    }


def test_the_path_leads_to_the_place() -> None:
    whole = template("Resources: {A: {Properties: {Names: [x, !Sub ['${B}', {}], !If [C, !Ref D, y]]}}}")
    for reference in references(whole):
        node: Any = whole
        for key in reference.path:
            node = node[key]
        assert reference.target in str(node)


CHOICE = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], Unknown: !Equals [!Ref AWS::Region, x]}
Resources:
  A:
    Type: AWS::EC2::Subnet
    Condition: Unknown
    DependsOn: [Gateway]
    Metadata: {Key: !Ref Key}
    Properties:
      VpcId: !If [IsProd, !Ref Large, !Ref Small]
      Name: !Join ['-', [!If [Unknown, !Ref One, !Ref Two]]]
"""


def test_only_the_branch_that_applies_counts() -> None:
    assert stack(CHOICE).resources["A"].named == {"Gateway", "Key", "Small", "One", "Two"}
    assert stack(CHOICE, values={"Stage": "prod", "AWS::Region": "y"}).resources == {}
    assert stack(CHOICE, values={"Stage": "prod", "AWS::Region": "x"}).resources["A"].named == {
        *("Gateway", "Key", "Large", "One"),
    }


def test_a_resource_refers_by_properties_and_by_attributes() -> None:
    found = set(stack(CHOICE).resources["A"].references())
    place = ("Resources", "A")
    assert found >= {
        Reference((*place, "DependsOn", 0), "DependsOn", "Gateway"),
        Reference((*place, "Condition"), "Condition", "Unknown"),
        Reference((*place, "Metadata", "Key", "Ref"), "Ref", "Key"),
        Reference((*place, "Properties", "VpcId", "Fn::If", 2, "Ref"), "Ref", "Small"),
    }
