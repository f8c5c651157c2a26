"""CloudWatch's corrections, and its arithmetic."""

from __future__ import annotations

import time

import pytest

from ..local_aws.metric_math import evaluate
from ..server import LocalAws
from ..stage import eventually, request
from .lab import Lab
from .service import OUTPUTS, container, service
from .test_documentdb import cluster
from .test_notifications import alarm


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("FILL(requests, 0) / 60", {"requests": None}, 0),
        ("FILL(requests, 0) / 60", {"requests": 600.0}, 10),
        ("FILL(a, 0) + FILL(b, 0)", {"a": 2.0, "b": None}, 2),
        ("a / b", {"a": 1.0, "b": 0.0}, None),
        ("a + 1", {"a": None}, None),
        ("MAX([a, b])", {"a": 1.0, "b": 3.0}, 3),
    ],
)
def test_metric_math(expression: str, values: dict[str, float | None], expected: float | None) -> None:
    assert evaluate(expression, values) == expected


@pytest.mark.parametrize("expression", ["unknown + 1", "RATE(a)", "a ** 2"])
def test_metric_math_refuses_what_it_does_not_know(expression: str) -> None:
    with pytest.raises(ValueError, match="metric math"):
        evaluate(expression, {"a": 1.0})


def test_services_publish_metrics(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy({**service(container(image)), "Database": cluster()}, OUTPUTS)
    assert request(aws, outputs["Url"]).status == 200
    wanted = {
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
        ("AWS/DocDB", "CPUUtilization"),
        ("AWS/ApplicationELB", "RequestCount"),
        ("AWS/ApplicationELB", "RequestCountPerTarget"),
        ("AWS/ApplicationELB", "HealthyHostCount"),
    }
    eventually(lambda: wanted <= _published(aws), 20, "the metrics of service, database and load balancer")


def _published(aws: LocalAws) -> set[tuple[str, str]]:
    pages = aws.client("cloudwatch").get_paginator("list_metrics").paginate()
    return {(each["Namespace"], each["MetricName"]) for page in pages for each in page["Metrics"]}


def _state(aws: LocalAws, name: str) -> str:
    return str(aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


@pytest.mark.parametrize(
    ("missing", "state"), [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "INSUFFICIENT_DATA")]
)
def test_alarms_are_evaluated(lab: Lab, aws: LocalAws, missing: str, state: str) -> None:
    """Without data they do as they were told."""
    outputs = lab.deploy({"Alarm": alarm(TreatMissingData=missing)}, {"Name": {"Ref": "Alarm"}})
    eventually(lambda: _state(aws, outputs["Name"]) == state, 20, f"the alarm in {state}")
    time.sleep(1)
    assert _state(aws, outputs["Name"]) == state


def test_alarms_on_metric_math(lab: Lab, aws: LocalAws) -> None:
    stat = {"Metric": {"Namespace": "Lab", "MetricName": "Nothing"}, "Period": 60, "Stat": "Sum"}
    resource = alarm()
    for name in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del resource["Properties"][name]
    resource["Properties"]["Metrics"] = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0) + 2", "ReturnData": True},
    ]
    outputs = lab.deploy({"Alarm": resource}, {"Name": {"Ref": "Alarm"}})
    eventually(lambda: _state(aws, outputs["Name"]) == "ALARM", 20, "the alarm rings: 2 is above 1")
    resource["Properties"]["Metrics"][1]["Expression"] = "RATE(m)"
    assert "not implemented" in lab.failure({"Alarm": resource})
