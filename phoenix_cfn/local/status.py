"""What runs, as text: stacks, pipeline, tasks, alarms, and the last value of each graph of the dashboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import Stage


def status(stage: Stage) -> Iterator[str]:
    """One line after the other."""
    for stack in (stage.pipeline_stack, stage.infrastructure_stack):
        yield f"{stack:45} {stage.status(stack) or 'not there'}"
    for run in stage.executions()[-1:]:
        yield f"{'pipeline, last run':45} {run['status']} {run['commit'][:8]}"
    if not stage.is_deployed:
        return
    service = stage.service()
    yield f"{'tasks':45} {service['runningCount']} of {service['desiredCount']} run"
    yield from _alarms(stage)
    yield from _graphs(stage)
    yield f"{'URL':45} {stage.site}"


def _alarms(stage: Stage) -> Iterator[str]:
    names = {physical: logical for logical, physical in stage.resources().items()}
    for alarm in stage.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        if alarm["AlarmName"] in names:
            yield f"{'alarm ' + names[alarm['AlarmName']]:45} {alarm['StateValue']}"


def _graphs(stage: Stage) -> Iterator[str]:
    name = stage.resources().get("Dashboard")
    if name is None:
        return
    body = json.loads(stage.aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    for widget in body["widgets"]:
        properties = widget["properties"]
        for metric in properties.get("metrics", []):
            found = _metric(stage.aws, metric, properties)
            if found:
                yield f"{properties.get('title', '') + ': ' + found[0]:45} {found[1]}"


def _metric(aws: LocalAws, metric: list[Any], properties: dict[str, Any]) -> tuple[str, str] | None:
    """One metric of a widget: its name and its last value; None for an expression."""
    if not isinstance(metric[0], str):
        return None
    namespace, name, *rest = [each for each in metric if isinstance(each, str)]
    options = next((each for each in metric if isinstance(each, dict)), {})
    statistic = options.get("stat", properties.get("stat", "Average"))
    now = datetime.now(timezone.utc)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in zip(rest[::2], rest[1::2], strict=True)],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=[statistic if statistic in ("Sum", "Minimum", "Maximum", "Average") else "Average"],
    )["Datapoints"]
    last: dict[str, Any] = max(points, key=lambda each: each["Timestamp"], default={})
    value = next((f"{value:.2f}" for key, value in last.items() if isinstance(value, float)), "no data")
    return str(options.get("label", name)), value
