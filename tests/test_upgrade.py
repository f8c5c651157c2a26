"""From a released version to this one, by the registry schemas: nothing that holds data is replaced or removed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.deployment.upgrade import FOLDER, HOLDS_DATA, RELEASED, REPLACED, TEMPLATES, read

NOW = {
    "Pipeline.yml": pipeline.template(Settings()).to_dict(),
    "Infrastructure.yml": infrastructure.template(Settings()).to_dict(),
}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Resolver:
    """What expressions come to where every parameter has its default; resources stay what they are."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.defaults = {
            name: str(each.get("Default", f"<{name}>")) for name, each in template.get("Parameters", {}).items()
        }

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return str(value)
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" and argument in self.defaults:
                return self.defaults[argument]
            if name == "Fn::Sub" and isinstance(argument, str):
                text = _VARIABLE.sub(lambda match: self.defaults.get(match[1], match[0]), argument)
                return text if "${" not in text else {"Fn::Sub": text}
            if name == "Fn::GetAtt":
                return {name: argument if isinstance(argument, list) else argument.split(".", 1)}
            if name == "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self._holds(self.template["Conditions"][condition]) else no)
        return {str(key): self.resolve(each) for key, each in value.items()}

    def _holds(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self._holds(self.template["Conditions"][argument])
        if name == "Fn::Not":
            return not self._holds(argument[0])
        if name in ("Fn::And", "Fn::Or"):
            return (all if name == "Fn::And" else any)(self._holds(each) for each in argument)
        one, other = (self.resolve(each) for each in argument)
        return bool(one == other)


def fixed(template: dict[str, Any], title: str) -> dict[str, Any]:
    """The type of a resource, and those of its properties that cannot change without a replacement."""
    resource = template["Resources"][title]
    if not resource["Type"].startswith("AWS::"):
        return {"Type": resource["Type"]}
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
    found: dict[str, Any] = {"Type": resource["Type"]}
    for path in [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]:
        value: Any = resource.get("Properties", {})
        for step in path.split("/")[2:]:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            found[path] = Resolver(template).resolve(value)
    return found


def named(value: Any) -> set[str]:
    """The resources that a resolved value names."""
    return set(re.findall(r"'(?:Ref|Fn::GetAtt)': \[?'(\w+)'", str(value))) | set(re.findall(r"\$\{(\w+)", str(value)))


def replaced(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """What an update replaces or removes; also what cannot change and names something that is replaced."""
    titles = set(old["Resources"])
    gone = {title for title in titles if title not in new["Resources"]}
    gone |= {title for title in titles - gone if fixed(old, title) != fixed(new, title)}
    while more := {title for title in titles - gone if named(fixed(old, title)) & gone}:
        gone |= more
    return gone


@pytest.mark.parametrize("version", RELEASED)
@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_that_holds_data_is_replaced_and_all_else_is_listed(version: str, name: str) -> None:
    old = read(FOLDER / version / name)
    found = replaced(old, NOW[name])
    assert [title for title in found if old["Resources"][title]["Type"] in HOLDS_DATA] == []
    assert found <= set(REPLACED[version])


@pytest.mark.parametrize("version", RELEASED)
def test_the_list_has_what_is_replaced_only(version: str) -> None:
    """But the task definition: each release has a new image."""
    found = {title for name in TEMPLATES for title in replaced(read(FOLDER / version / name), NOW[name])}
    assert set(REPLACED[version]) <= found | {"TaskDefinition"}


def test_a_replacement_is_found_with_all_that_hangs_on_it() -> None:
    old = NOW["Infrastructure.yml"]
    resources = {
        **old["Resources"],
        "TaskSecurityGroup": {
            **old["Resources"]["TaskSecurityGroup"],
            "Properties": {**old["Resources"]["TaskSecurityGroup"]["Properties"], "GroupDescription": "Another"},
        },
    }
    resources.pop("DatabaseInstance2")
    found = replaced(old, {**old, "Resources": resources})
    assert found == {"TaskSecurityGroup", "TaskEgress", "LoadBalancerEgress", "DatabaseInstance2"}
