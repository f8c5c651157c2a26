"""The alarms (R4). Each publishes to the topic when it fires and when it returns to OK."""

from __future__ import annotations

from typing import Any

from troposphere import Ref
from troposphere.cloudwatch import Alarm, Metric, MetricDataQuery, MetricDimension, MetricStat, WarmUpConfiguration
from troposphere.docdb import DBCluster
from troposphere.sns import Topic

from phoenix_cfn.cloudformation.facts.ecs import FINE_RESOLUTION
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.service import Service
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

_MINUTE = 60
# Minutes of delay until the load balancer's metrics are complete.
_LATE = 3
# Minutes of errors before a deployment rolls back.
_BAD_MINUTES = 2
# Minutes that a new stage has to start its first tasks.
_WARM_UP = 10
# Any user can request /crash, which must not roll back a release that serves all others.
_REQUESTS_PER_TOLERATED_ERROR = 20
_EXCESS = f"5xx above {100 // _REQUESTS_PER_TOLERATED_ERROR} % of requests"


@part
def release_alarms(scope: Scope, load_balancing: LoadBalancing, topic: Topic) -> list[Alarm]:
    """Errors that users see. These alarms also roll a deployment back.

    They watch the load balancer only: the service refers to them, so they are created before the service.
    """
    thresholds = scope.settings.alarms
    server_errors = scope.add(
        Alarm(
            "ServerErrorAlarm",
            AlarmDescription=(
                f"5xx responses exceed {100 // _REQUESTS_PER_TOLERATED_ERROR} % of requests by more than "
                f"{thresholds.server_errors_per_minute} a minute, in {_BAD_MINUTES} of {_BAD_MINUTES + _LATE} minutes. "
                "A deployment in progress rolls back."
            ),
            Metrics=[
                *_errors_beyond_the_tolerated(load_balancing),
                # A metric of the load balancer: responses without a target have no target group.
                _query("elb", "HTTPCode_ELB_5XX_Count", "Sum", load_balancing.dimensions()[:1]),
            ],
            ComparisonOperator="GreaterThanThreshold",
            Threshold=thresholds.server_errors_per_minute,
            # ECS watches the alarm of a deployment for EvaluationPeriods: until the delayed datapoints have arrived.
            EvaluationPeriods=_BAD_MINUTES + _LATE,
            DatapointsToAlarm=_BAD_MINUTES,
            TreatMissingData="notBreaching",
            **_notify(topic),
        )
    )
    unhealthy_targets = scope.add(
        Alarm(
            "UnhealthyTargetsAlarm",
            AlarmDescription=(
                "A task fails the load balancer's health check for 3 minutes. A deployment in progress rolls back."
            ),
            **_unhealthy_targets(load_balancing),
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            EvaluationPeriods=3,
            DatapointsToAlarm=3,
            TreatMissingData="notBreaching",
            **_notify(topic),
        )
    )
    return [server_errors, unhealthy_targets]


@part
def service_alarms(scope: Scope, database: Database, service: Service, topic: Topic) -> list[Alarm]:
    """CPU peaks of the tasks and of the DocumentDB cluster, and too few tasks."""
    return [
        _cpu_peak(scope, service, topic),
        *([_database_cpu_peak(scope, database.cluster, topic)] if database.cluster else []),
        _too_few_tasks(scope, service, topic),
    ]


def _cpu_peak(scope: Scope, service: Service, topic: Topic) -> Alarm:
    threshold = scope.settings.alarms.cpu_peak_percent
    return scope.add(
        Alarm(
            "CpuPeakAlarm",
            Metadata=suppress(cfn_lint={"E3615": "CloudWatch accepts a period of 20 seconds; the check does not yet."}),
            AlarmDescription=(f"A task uses more than {threshold} % of its CPU in a {FINE_RESOLUTION}-second period."),
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Dimensions=service.dimensions(),
            # The maximum of all tasks, not their average; and 20 seconds, since one minute would hide a short peak.
            Statistic="Maximum",
            Period=FINE_RESOLUTION,
            **_above(threshold),
            **_notify(topic),
        )
    )


def _database_cpu_peak(scope: Scope, cluster: DBCluster, topic: Topic) -> Alarm:
    threshold = scope.settings.alarms.cpu_peak_percent
    return scope.add(
        Alarm(
            "DatabaseCpuPeakAlarm",
            AlarmDescription=(f"A database instance uses more than {threshold} % of its CPU in a one-minute period."),
            Namespace="AWS/DocDB",
            MetricName="CPUUtilization",
            Dimensions=[MetricDimension(Name="DBClusterIdentifier", Value=Ref(cluster))],
            Statistic="Maximum",
            Period=_MINUTE,
            **_above(threshold),
            **_notify(topic),
        )
    )


def _too_few_tasks(scope: Scope, service: Service, topic: Topic) -> Alarm:
    return scope.add(
        Alarm(
            "TooFewTasksAlarm",
            AlarmDescription="Fewer tasks than MinRunningTasks run in 3 of 5 minutes. The service's events say why.",
            # A metric of ECS: the load balancer counts by zone, so that two tasks in two zones can be one in each.
            Namespace="ECS/ContainerInsights",
            MetricName="RunningTaskCount",
            Dimensions=service.dimensions(),
            Statistic="Minimum",
            Period=_MINUTE,
            ComparisonOperator="LessThanThreshold",
            Threshold=Ref(scope.parameters.min_running_tasks),
            EvaluationPeriods=5,
            DatapointsToAlarm=3,
            # No data means no task. A new stage has one task until the scalable target exists: the alarm waits for
            # the complete warm-up period, which would otherwise end with the first datapoint.
            TreatMissingData="breaching",
            WarmUpConfiguration=WarmUpConfiguration(
                WarmUpPeriodDurationInMinutes=_WARM_UP, OnlyStartEvaluatingAfterWarmUpPeriodEnds=True
            ),
            **_notify(topic),
        )
    )


def _errors_beyond_the_tolerated(load_balancing: LoadBalancing) -> list[MetricDataQuery]:
    """5xx responses above the tolerated share: neither eleven of thousands nor one of two fires the alarm.

    With two versions, each is also evaluated alone: of all requests, the errors of a few percent would be tolerated.
    No FILL: it would replace the newest minutes, whose data are delayed. A missing value counts as 0.
    """
    requests, tasks = load_balancing.numbered("requests"), load_balancing.numbered("tasks")
    metrics = [
        _query(name, metric, "Sum", load_balancing.dimensions(group))
        for metric, groups in (("RequestCount", requests), ("HTTPCode_Target_5XX_Count", tasks))
        for name, group in groups.items()
    ]
    if len(requests) == 1:
        expression = f"tasks + elb - requests / {_REQUESTS_PER_TOLERATED_ERROR}"
        return [_expression("errors", expression, _EXCESS, returned=True), *metrics]
    beyond = {
        "all": f"{' + '.join(tasks)} + elb - ({' + '.join(requests)}) / {_REQUESTS_PER_TOLERATED_ERROR}",
        **{
            f"version{number}": f"tasks{number} - requests{number} / {_REQUESTS_PER_TOLERATED_ERROR}"
            for number in range(1, len(requests) + 1)
        },
    }
    worst = _expression("errors", f"MAX([{', '.join(beyond)}])", _EXCESS, returned=True)
    return [worst, *(_expression(name, each, name) for name, each in beyond.items()), *metrics]


def _unhealthy_targets(load_balancing: LoadBalancing) -> dict[str, Any]:
    """UnHealthyHostCount, which exists for target groups only."""
    groups = load_balancing.numbered("unhealthy")
    if len(groups) == 1:
        return {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "UnHealthyHostCount",
            "Dimensions": load_balancing.dimensions(),
            "Statistic": "Maximum",
            "Period": _MINUTE,
        }
    return {
        "Metrics": [
            _expression("unhealthy", " + ".join(groups), "Unhealthy tasks", returned=True),
            *(
                _query(name, "UnHealthyHostCount", "Maximum", load_balancing.dimensions(group))
                for name, group in groups.items()
            ),
        ]
    }


def _above(percent: int) -> dict[str, Any]:
    """Fires after one period above the threshold."""
    return {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": percent,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
    }


def _notify(topic: Topic) -> dict[str, Any]:
    return {"AlarmActions": [Ref(topic)], "OKActions": [Ref(topic)]}


def _expression(identifier: str, expression: str, label: str, returned: bool = False) -> MetricDataQuery:
    return MetricDataQuery(Id=identifier, Label=label, Expression=expression, ReturnData=returned)


def _query(identifier: str, metric: str, statistic: str, dimensions: list[MetricDimension]) -> MetricDataQuery:
    """A metric of the load balancer per minute, for an expression."""
    return MetricDataQuery(
        Id=identifier,
        ReturnData=False,
        MetricStat=MetricStat(
            Metric=Metric(Namespace="AWS/ApplicationELB", MetricName=metric, Dimensions=dimensions),
            Stat=statistic,
            Period=_MINUTE,
        ),
    )
