"""The dashboard: JSON once CloudFormation has filled it in, about things that exist."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.stack import Stack


@pytest.fixture
def body(infrastructure_stack: Stack) -> str:
    found: str = infrastructure_stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    return found


@pytest.fixture
def widgets(body: str) -> list[dict[str, Any]]:
    filled = re.sub(r"\$\{(\w*(?:Tasks|PerTask|TargetValue))\}", "10", body)
    found: list[dict[str, Any]] = json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", filled))["widgets"]
    return found


def test_it_refers_to_what_is_in_the_template(body: str, infrastructure_stack: Stack) -> None:
    for name in re.findall(r"\$\{([^}]+)\}", body):
        known = {**infrastructure_stack.resources, **infrastructure_stack.parameters}
        assert name.startswith("AWS::") or name.split(".")[0] in known


def test_it_shows_all_alarms_first(widgets: list[dict[str, Any]], infrastructure_stack: Stack) -> None:
    shown = widgets[0]["properties"]["alarms"]
    assert sorted(shown) == sorted(f"{title}.Arn" for title in infrastructure_stack.of_type("AWS::CloudWatch::Alarm"))


@pytest.mark.parametrize(
    ("title", "metrics"),
    [
        ("Requests per second", {"RequestCount", "RequestCountPerTarget"}),
        ("Latency (s)", {"TargetResponseTime"}),
        ("Errors per minute", {"HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"}),
        ("Tasks", {"DesiredTaskCount", "RunningTaskCount", "UnHealthyHostCount"}),
        ("Task CPU (%)", {"CPUUtilization"}),
        ("Task memory (%)", {"MemoryUtilization"}),
        ("Database CPU (%)", {"CPUUtilization"}),
        ("Database connections", {"DatabaseConnections"}),
        ("Database free memory (bytes)", {"FreeableMemory"}),
    ],
)
def test_a_person_finds_a_graph_of(widgets: list[dict[str, Any]], title: str, metrics: set[str]) -> None:
    (graph,) = (each["properties"] for each in widgets if each["properties"]["title"] == title)
    assert {metric[1] for metric in graph["metrics"] if isinstance(metric[0], str)} == metrics


def test_rows_fill_the_grid(widgets: list[dict[str, Any]]) -> None:
    assert sum(each["width"] for each in widgets) % 24 == 0
    assert {type(line["value"]) for each in widgets for line in lines(each)} == {int}


def lines(widget: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = widget["properties"].get("annotations", {}).get("horizontal", [])
    return found
