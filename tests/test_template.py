"""The stage's template: everything is tagged, remembered, and suppressed only with a reason."""

from __future__ import annotations

import importlib
import inspect

import pytest
from troposphere import Ref, Tags
from troposphere.guardduty import Detector, TagItem
from troposphere.sns import Topic
from troposphere.ssm import Parameter

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.template import StageTemplate
from tests.stack import Stack, ref

MODULES = [infrastructure, pipeline]


@pytest.mark.parametrize("module", MODULES)
def test_everything_that_takes_tags_carries_stage_and_project(module: object) -> None:
    template = module.template(Settings())  # type: ignore[attr-defined]
    stack = Stack(template)
    takes_tags = {title for title, resource in template.resources.items() if "Tags" in resource.props}
    assert takes_tags
    for title in takes_tags:
        tags = stack.properties(title)["Tags"]
        assert {"Key": "Project", "Value": "phoenix"} in tags
        assert {"Key": "Stage", "Value": ref("StagePrefix")} in tags


@pytest.mark.parametrize("module", MODULES)
def test_the_author_of_every_resource_and_parameter_is_recorded(module: object) -> None:
    template = module.template(Settings())  # type: ignore[attr-defined]
    for title in template.resources:
        where, _, function = template.authors[title].rpartition(".")
        assert f"def {function}(" in inspect.getsource(importlib.import_module(where)), title
    for title in template.parameters:
        assert title in inspect.getsource(importlib.import_module(template.authors[title]))


def test_a_resource_of_ones_own_is_tagged_like_the_others() -> None:
    template = infrastructure.template(Settings())
    template.add_resource(Topic("OrderTopic", Tags=Tags(Team="orders"), DisplayName=Ref("StagePrefix")))
    assert [tag["Key"] for tag in Stack(template).properties("OrderTopic")["Tags"]] == ["Team", "Project", "Stage"]
    assert template.authors["OrderTopic"] == "your own code"


def test_a_type_that_takes_its_tags_in_another_form_is_tagged_too() -> None:
    template = infrastructure.template(Settings())
    template.add_resource(Parameter("Colour", Type="String", Value="red", Tags={"Team": "orders"}))
    template.add_resource(Detector("Guard", Enable=True, Tags=[TagItem(Key="Team", Value="security")]))
    stack = Stack(template)
    assert stack.properties("Colour")["Tags"] == {"Team": "orders", "Project": "phoenix", "Stage": ref("StagePrefix")}
    assert [(tag["Key"], tag["Value"]) for tag in stack.properties("Guard")["Tags"]] == [
        ("Team", "security"),
        ("Project", "phoenix"),
        ("Stage", ref("StagePrefix")),
    ]


def test_the_same_logical_id_twice_is_an_error() -> None:
    template = StageTemplate("x", "x")
    template.add_resource(Topic("Twice"))
    with pytest.raises(ValueError, match="Twice"):
        template.add_resource(Topic("Twice"))


def test_suppressions_are_few_and_each_has_its_reason() -> None:
    linted, scanned = [], []
    for module in MODULES:
        for title, resource in Stack(module.template(Settings())).resources.items():
            metadata = resource.get("Metadata", {})
            configuration = metadata.get("cfn-lint", {}).get("config", {})
            linted += [
                (title, check, configuration["reasons"][check]) for check in configuration.get("ignore_checks", [])
            ]
            scanned += [(title, skip["id"], skip["comment"]) for skip in metadata.get("checkov", {}).get("skip", [])]
    assert all(reason.endswith(".") for *_, reason in linted + scanned)
    assert [(title, check) for title, check, _ in linted] == [("CpuPeakAlarm", "E3615")]
    assert len(scanned) <= 10
