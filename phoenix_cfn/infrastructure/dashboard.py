"""The CloudWatch dashboard."""

from __future__ import annotations

import json
from typing import Any

from troposphere import Parameter, Sub
from troposphere.cloudwatch import Alarm, Dashboard
from troposphere.docdb import DBCluster
from troposphere.elasticloadbalancingv2 import TargetGroup

from phoenix_cfn.cloudformation.facts.ecs import FINE_RESOLUTION
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.service import Service
from phoenix_cfn.scope import Scope, part

# The console's grid is 24 columns wide: three graphs in a row.
_WIDTH, _HEIGHT = 8, 6
_RED, _ORANGE, _GREEN, _BLUE = "#d62728", "#ff7f0e", "#2ca02c", "#1f77b4"

_ELB, _ECS, _INSIGHTS, _DOCDB = "AWS/ApplicationELB", "AWS/ECS", "ECS/ContainerInsights", "AWS/DocDB"

_Metric = list[Any]
_Widget = dict[str, Any]


@part
def dashboard(
    scope: Scope, load_balancing: LoadBalancing, database: Database, service: Service, alarms: list[Alarm]
) -> Dashboard:
    """The states of all alarms, and below them a row of three graphs each for requests, tasks and DocumentDB."""
    header = {
        "type": "alarm",
        "width": 3 * _WIDTH,
        "height": 2,
        "properties": {"title": "Alarms", "alarms": [f"${{{alarm.title}.Arn}}" for alarm in alarms]},
    }
    graphs = [
        *_requests(scope, load_balancing),
        *_tasks(scope, load_balancing, service),
        *(_database(scope, database.cluster) if database.cluster else []),
    ]
    body = json.dumps({"widgets": [header, *graphs]}, separators=(",", ":"))
    # Fn::Sub inserts text; the dashboard needs numbers.
    for number in _numbers(scope):
        body = body.replace(f'"{_value(number)}"', _value(number))
    return scope.add(Dashboard("Dashboard", DashboardName=Sub(scope.names.dashboard), DashboardBody=Sub(body)))


def _numbers(scope: Scope) -> list[Parameter]:
    """The parameters that are lines in the graphs."""
    shared = scope.parameters
    return [
        shared.requests_per_second_per_task,
        shared.min_running_tasks,
        shared.max_running_tasks,
        shared.auto_scaling_target_value,
    ]


def _value(parameter: Parameter) -> str:
    return f"${{{parameter.title}}}"


def _of_balancer(load_balancing: LoadBalancing) -> list[str]:
    """The dimensions of the load balancer as a whole."""
    return ["LoadBalancer", f"${{{load_balancing.load_balancer.title}.LoadBalancerFullName}}"]


def _of_group(load_balancing: LoadBalancing, group: TargetGroup) -> list[str]:
    """The dimensions of the tasks in a target group."""
    return [*_of_balancer(load_balancing), "TargetGroup", f"${{{group.title}.TargetGroupFullName}}"]


def _of_targets(load_balancing: LoadBalancing) -> list[str]:
    """The dimensions of all tasks: those of the target group, or of the load balancer if there are two groups."""
    if load_balancing.alternate is None:
        return _of_group(load_balancing, load_balancing.target_group)
    return _of_balancer(load_balancing)


def _requests(scope: Scope, load_balancing: LoadBalancing) -> list[_Widget]:
    """Number, latency and errors of requests."""
    balancer, targets = _of_balancer(load_balancing), _of_targets(load_balancing)
    each = load_balancing.numbered("each")
    per_task = " + ".join(f"FILL({name}, 0) / 60" for name in each)
    return [
        _graph(
            "Requests per second",
            [
                [{"expression": "FILL(all, 0) / 60", "label": "all", "color": _BLUE}],
                [{"expression": per_task, "label": "per task", "color": _GREEN}],
                [_ELB, "RequestCount", *targets, {"id": "all", "stat": "Sum", "visible": False}],
                *(
                    [
                        *(_ELB, "RequestCountPerTarget", *_of_group(load_balancing, group)),
                        {"id": name, "stat": "Sum", "visible": False},
                    ]
                    for name, group in each.items()
                ),
            ],
            lines=[("scaling target (per task)", _value(scope.parameters.requests_per_second_per_task))],
        ),
        _graph(
            "Latency (s)",
            [
                [_ELB, "TargetResponseTime", *targets, {"stat": stat, "label": stat, "color": color}]
                for stat, color in (("p50", _GREEN), ("p90", _ORANGE), ("p99", _RED))
            ],
        ),
        _graph(
            "Errors per minute",
            [
                [_ELB, "HTTPCode_Target_4XX_Count", *targets, {"stat": "Sum", "label": "4xx", "color": _ORANGE}],
                [
                    _ELB,
                    "HTTPCode_Target_5XX_Count",
                    *targets,
                    {"stat": "Sum", "label": "5xx from tasks", "color": _RED},
                ],
                [_ELB, "HTTPCode_ELB_5XX_Count", *balancer, {"stat": "Sum", "label": "5xx from load balancer"}],
            ],
            lines=[("alarm without traffic", scope.settings.alarms.server_errors_per_minute)],
        ),
    ]


def _tasks(scope: Scope, load_balancing: LoadBalancing, service: Service) -> list[_Widget]:
    """Number, CPU and memory of the tasks."""
    groups = [_of_group(load_balancing, group) for group in load_balancing.target_groups]
    task = ["ClusterName", f"${{{service.cluster.title}}}", "ServiceName", f"${{{service.service.title}.Name}}"]
    least, most = _value(scope.parameters.min_running_tasks), _value(scope.parameters.max_running_tasks)
    return [
        _graph(
            "Tasks",
            [
                [_INSIGHTS, "DesiredTaskCount", *task, {"stat": "Maximum", "label": "desired", "color": _BLUE}],
                [_INSIGHTS, "RunningTaskCount", *task, {"stat": "Maximum", "label": "running", "color": _GREEN}],
                *(
                    [_ELB, "UnHealthyHostCount", *group, {"stat": "Maximum", "label": "unhealthy", "color": _RED}]
                    for group in groups
                ),
            ],
            lines=[("minimum", least), ("maximum", most)],
        ),
        _graph(
            "Task CPU (%)",
            [
                [_ECS, "CPUUtilization", *task, {"stat": "Average", "label": "average", "color": _BLUE}],
                [_ECS, "CPUUtilization", *task, {"stat": "Maximum", "label": "highest task", "color": _ORANGE}],
            ],
            lines=[
                ("scaling target", _value(scope.parameters.auto_scaling_target_value)),
                ("alarm", scope.settings.alarms.cpu_peak_percent),
            ],
            period=FINE_RESOLUTION,
        ),
        _graph(
            "Task memory (%)",
            [
                [_ECS, "MemoryUtilization", *task, {"stat": "Average", "label": "average", "color": _BLUE}],
                [_ECS, "MemoryUtilization", *task, {"stat": "Maximum", "label": "highest task", "color": _ORANGE}],
            ],
            period=FINE_RESOLUTION,
        ),
    ]


def _database(scope: Scope, docdb: DBCluster) -> list[_Widget]:
    """CPU, connections and free memory of the database."""
    cluster = ["DBClusterIdentifier", f"${{{docdb.title}}}"]
    return [
        _graph(
            "Database CPU (%)",
            [[_DOCDB, "CPUUtilization", *cluster, {"stat": "Maximum", "label": "highest instance"}]],
            lines=[("alarm", scope.settings.alarms.cpu_peak_percent)],
        ),
        _graph(
            "Database connections",
            [[_DOCDB, "DatabaseConnections", *cluster, {"stat": "Sum", "label": "open"}]],
        ),
        _graph(
            "Database free memory (bytes)",
            [[_DOCDB, "FreeableMemory", *cluster, {"stat": "Minimum", "label": "lowest instance"}]],
        ),
    ]


def _graph(
    title: str, metrics: list[_Metric], lines: list[tuple[str, object]] | None = None, period: int = 60
) -> _Widget:
    """A graph of metrics over time, with horizontal lines for limits and thresholds. `period` is in seconds."""
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
