"""The dashboard: what a person looks at first when something is wrong, from the entrance to the database."""

from __future__ import annotations

import json
from typing import Any

from troposphere import Sub
from troposphere.cloudwatch import Alarm, Dashboard

from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.service import METRIC_RESOLUTION, Service
from phoenix_cfn.scope import Scope, part

# The console's grid is 24 columns wide: three graphs in a row.
_WIDTH, _HEIGHT = 8, 6
_RED, _ORANGE, _GREEN, _BLUE = "#d62728", "#ff7f0e", "#2ca02c", "#1f77b4"

_Metric = list[Any]


@part
def dashboard(
    scope: Scope,
    balancing: LoadBalancing,
    database: Database,
    service: Service,
    alarms: list[Alarm],
) -> Dashboard:
    """Nine graphs in three rows (requests, tasks, database) under the state of all alarms."""
    balancer = ["LoadBalancer", f"${{{balancing.load_balancer.title}.LoadBalancerFullName}}"]
    targets = [*balancer, "TargetGroup", f"${{{balancing.target_group.title}.TargetGroupFullName}}"]
    task = ["ClusterName", f"${{{service.cluster.title}}}", "ServiceName", f"${{{service.service.title}.Name}}"]
    cluster = ["DBClusterIdentifier", f"${{{database.cluster.title}}}"]
    lb, ecs, insights, docdb = "AWS/ApplicationELB", "AWS/ECS", "ECS/ContainerInsights", "AWS/DocDB"
    target_rate = f"${{{scope.parameters.requests_per_second_per_task.title}}}"
    least, most = f"${{{scope.parameters.min_running_tasks.title}}}", f"${{{scope.parameters.max_running_tasks.title}}}"
    cpu_target = f"${{{scope.parameters.auto_scaling_target_value.title}}}"

    graphs = [
        _graph(
            "Requests per second",
            [
                [{"expression": "FILL(all, 0) / 60", "label": "all", "color": _BLUE}],
                [{"expression": "FILL(each, 0) / 60", "label": "per task", "color": _GREEN}],
                [lb, "RequestCount", *targets, {"id": "all", "stat": "Sum", "visible": False}],
                [lb, "RequestCountPerTarget", *targets, {"id": "each", "stat": "Sum", "visible": False}],
            ],
            lines=[("scaling target per task", target_rate)],
        ),
        _graph(
            "Latency (s)",
            [
                [lb, "TargetResponseTime", *targets, {"stat": stat, "label": stat, "color": color}]
                for stat, color in (("p50", _GREEN), ("p90", _ORANGE), ("p99", _RED))
            ],
        ),
        _graph(
            "Errors per minute",
            [
                [lb, "HTTPCode_Target_4XX_Count", *targets, {"stat": "Sum", "label": "4xx", "color": _ORANGE}],
                [lb, "HTTPCode_Target_5XX_Count", *targets, {"stat": "Sum", "label": "5xx of tasks", "color": _RED}],
                [lb, "HTTPCode_ELB_5XX_Count", *balancer, {"stat": "Sum", "label": "5xx: no task answered"}],
            ],
            lines=[("alarm when quiet", scope.settings.alarms.server_errors_per_minute)],
        ),
        _graph(
            "Tasks",
            [
                [insights, "DesiredTaskCount", *task, {"stat": "Maximum", "label": "wanted", "color": _BLUE}],
                [insights, "RunningTaskCount", *task, {"stat": "Maximum", "label": "running", "color": _GREEN}],
                [lb, "UnHealthyHostCount", *targets, {"stat": "Maximum", "label": "unhealthy", "color": _RED}],
            ],
            lines=[("minimum", least), ("maximum", most)],
        ),
        _graph(
            "CPU of the tasks (%)",
            [
                [ecs, "CPUUtilization", *task, {"stat": "Average", "label": "average", "color": _BLUE}],
                [ecs, "CPUUtilization", *task, {"stat": "Maximum", "label": "hottest task", "color": _ORANGE}],
            ],
            lines=[("scaling target", cpu_target), ("alarm", scope.settings.alarms.cpu_peak_percent)],
            period=METRIC_RESOLUTION,
        ),
        _graph(
            "Memory of the tasks (%)",
            [
                [ecs, "MemoryUtilization", *task, {"stat": "Average", "label": "average", "color": _BLUE}],
                [ecs, "MemoryUtilization", *task, {"stat": "Maximum", "label": "fullest task", "color": _ORANGE}],
            ],
            period=METRIC_RESOLUTION,
        ),
        _graph(
            "CPU of the database (%)",
            [[docdb, "CPUUtilization", *cluster, {"stat": "Maximum", "label": "busiest instance"}]],
            lines=[("alarm", scope.settings.alarms.cpu_peak_percent)],
        ),
        _graph(
            "Connections to the database",
            [[docdb, "DatabaseConnections", *cluster, {"stat": "Sum", "label": "open"}]],
        ),
        _graph(
            "Free memory of the database (bytes)",
            [[docdb, "FreeableMemory", *cluster, {"stat": "Minimum", "label": "fullest instance"}]],
        ),
    ]
    header = {
        "type": "alarm",
        "width": 3 * _WIDTH,
        "height": 2,
        "properties": {"title": "Alarms", "alarms": [f"${{{alarm.title}.Arn}}" for alarm in alarms]},
    }
    body = json.dumps({"widgets": [header, *graphs]}, separators=(",", ":"))
    # What Fn::Sub put in as text here are numbers to the dashboard.
    for number in (target_rate, least, most, cpu_target):
        body = body.replace(f'"{number}"', number)
    return scope.add(Dashboard("Dashboard", DashboardName=Sub(scope.names.dashboard), DashboardBody=Sub(body)))


def _graph(
    title: str, metrics: list[_Metric], lines: list[tuple[str, object]] | None = None, period: int = 60
) -> dict[str, Any]:
    """A graph of metrics over time, with horizontal lines where something happens. `period` is in seconds."""
    properties: dict[str, Any] = {
        "title": title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "period": period,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0}},
    }
    if lines:
        properties["annotations"] = {"horizontal": [{"label": label, "value": value} for label, value in lines]}
    return {"type": "metric", "width": _WIDTH, "height": _HEIGHT, "properties": properties}
