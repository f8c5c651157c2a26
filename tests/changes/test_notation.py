"""Another notation of the same template changes nothing; the same change in another notation has the same outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.changes.preview import Preview, preview
from phoenix_cfn.changes.sides import Side
from phoenix_cfn.cloudformation.documents import read_template

from .pairs import Pair, pairs

ROOT = Path(__file__).resolve().parents[2]
ALL = [pytest.param(each, id=each.name) for each in pairs()]


def rewritten(node: Any, scalars: set[str]) -> Any:
    """A value with Ref as Fn::Sub, Fn::Sub as Fn::Join, texts as calls of Fn::Sub, numbers as texts, keys reversed."""
    if isinstance(node, list):
        return [rewritten(each, scalars) for each in node]
    if isinstance(node, dict):
        if set(node) == {"Ref"} and node["Ref"] in scalars:
            return {"Fn::Sub": f"${{{node['Ref']}}}"}
        if set(node) == {"Fn::GetAtt"} and isinstance(node["Fn::GetAtt"], str):
            return {"Fn::GetAtt": node["Fn::GetAtt"].split(".", 1)}
        if set(node) == {"Fn::Sub"} and isinstance(node["Fn::Sub"], str):
            return {"Fn::Join": ["", [{"Fn::Sub": node["Fn::Sub"]}]]}
        if any(str(key).startswith("Fn::") or key in ("Ref", "Condition") for key in node):
            return node
        return {key: rewritten(value, scalars) for key, value in reversed(node.items())}
    if isinstance(node, bool):
        return str(node).lower()
    if isinstance(node, int):
        return str(node)
    return {"Fn::Sub": node} if isinstance(node, str) and node and "$" not in node and "{{" not in node else node


def notation(template: dict[str, Any]) -> dict[str, Any]:
    resources = template["Resources"]
    if any(str(name).startswith("Fn::") for name in resources):
        return template
    parameters = {
        name
        for name, each in template.get("Parameters", {}).items()
        if not str(each.get("Type")).startswith(("List<", "CommaDelimitedList"))
    }
    scalars = {*resources, *parameters}
    return {
        **template,
        "Resources": {
            name: {**each, **({"Properties": rewritten(each["Properties"], scalars)} if "Properties" in each else {})}
            for name, each in resources.items()
        },
    }


def outcomes(found: Preview) -> dict[str, str]:
    return {name: str(change.outcome) for name, change in found.changes.items()}


@pytest.mark.parametrize("name", ["Pipeline.yml", "Infrastructure.yml"])
def test_another_notation_of_our_templates_changes_nothing(name: str) -> None:
    template = read_template(ROOT / "templates" / name)
    found = preview(Side.of(template, "old", {}), Side.of(notation(template), "new", {}))
    assert {each for each, outcome in outcomes(found).items() if outcome != "unchanged"} == set()


@pytest.mark.parametrize("pair", ALL)
def test_a_change_in_another_notation_has_the_same_outcomes(pair: Pair) -> None:
    for old, new in ((pair.old, notation(pair.new)), (notation(pair.old), pair.new)):
        found = preview(Side.of(old, "old", pair.set_old), Side.of(new, "new", pair.set_new))
        assert outcomes(found) == pair.outcomes


@pytest.mark.parametrize("pair", ALL)
def test_the_other_way_round_what_is_added_is_removed(pair: Pair) -> None:
    back = preview(Side.of(pair.new, "old", pair.set_new), Side.of(pair.old, "new", pair.set_old))
    forth = {name for name, outcome in pair.outcomes.items() if outcome == "removed"}
    assert forth <= {name for name, outcome in outcomes(back).items() if outcome in ("added", "refused")}


@pytest.mark.parametrize("pair", ALL)
def test_a_resource_more_that_nothing_refers_to_changes_no_other_outcome(pair: Pair) -> None:
    more = {
        **pair.new,
        "Resources": {**pair.new["Resources"], "OneMore": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
    }
    found = outcomes(preview(Side.of(pair.old, "old", pair.set_old), Side.of(more, "new", pair.set_new)))
    assert found == {**pair.outcomes, "OneMore": "added"}
