"""CloudWatch: metrics of services and databases, and alarms that follow their dimensions, periods and missing data."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from docker.errors import APIError, NotFound

from phoenix_cfn.local.aws import arrival, ecs, elb, metric_math, metrics, ministack, notifications
from phoenix_cfn.local.aws.alarm_state import alarm_state, evaluation_range
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.run_queue import RunQueue
from phoenix_cfn.local.aws.settings import scaled

_CW = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


@correction(
    "Services, load balancers and databases publish their metrics", f"{_CW}/aws-services-cloudwatch-metrics.html"
)
def services_publish_metrics() -> None:
    threading.Thread(target=_publish, daemon=True, name="metrics").start()
    # MiniStack looks at every sample at each request, for those of two weeks ago.
    ministack.cloudwatch._evict_old_metrics = lambda: None


@correction(
    "What a service measured arrives late, and a load balancer's minutes are incomplete at first",
    "https://github.com/Netflix/atlas/pull/1300",
)
def metrics_arrive_late() -> None:
    metrics.arrives = arrival.arrives


def _publish() -> None:
    """A sample a second of each task's and database's CPU, and of the targets' health.

    The ECS agent sends sets of such samples, with their minimum and maximum: a short peak is in the Maximum of its
    period. https://github.com/aws/amazon-ecs-agent (agent/stats/queue.go)
    """
    used: dict[str, tuple[float, float]] = {}
    while True:
        time.sleep(min(scaled(5), 0.5))
        try:
            for account, region in _places():
                with ministack.request_scope(account, region):
                    _publish_here(used)
            metrics.deliver()
        except Exception as error:
            # What is measured may vanish meanwhile; the next round sees what is left.
            print(f"metrics: {type(error).__name__}: {error}", flush=True)


def _places() -> set[tuple[str, str]]:
    found = set()
    for store in (
        ministack.ecs._services,
        ministack.alb._tgs,
        ministack.documentdb._clusters,
        ministack.cloudwatch._alarms,
    ):
        found |= {(account, region) for (account, region, *_), _ in list(store.all_items())}
    return found


def _publish_here(used: dict[str, tuple[float, float]]) -> None:
    elb.publish_health()
    measured: list[tuple[str, dict[str, str], str, float]] = []
    for key, service in list(ministack.ecs._services.items()):
        if service["status"] == "ACTIVE":
            dims = {"ClusterName": key.split("/")[0], "ServiceName": service["serviceName"]}
            tasks = ecs.running_tasks(service)
            if ecs.container_insights(dims["ClusterName"]):
                metrics.publish("ECS/ContainerInsights", "RunningTaskCount", len(tasks), dims)
            for task in tasks:
                cpus = int(task.get("cpu") or 1024) / 1024
                measured += [("AWS/ECS", dims, container, cpus) for container in list(task.get("_docker_ids") or [])]
    for cluster in list(ministack.documentdb._clusters.values()):
        if cluster.get("_shared_container_id"):
            dims = {"DBClusterIdentifier": cluster["DBClusterIdentifier"]}
            # db.t4g.medium, the smallest instance, has two CPUs.
            measured.append(("AWS/DocDB", dims, cluster["_shared_container_id"], 2))
    # Docker takes a second for each answer.
    usages = _pool.map(lambda each: _usage(each[2], each[3], used), measured)
    for (namespace, dims, _, _), values in zip(measured, usages, strict=True):
        for name, value in values:
            if namespace == "AWS/ECS" or name == "CPUUtilization":
                metrics.publish(namespace, name, value, dims)


_run_queue = RunQueue()
_pool = ThreadPoolExecutor(16, thread_name_prefix="stats")


def _usage(container: str, cpus: float, used: dict[str, tuple[float, float]]) -> list[tuple[str, float]]:
    """CPUUtilization and MemoryUtilization in percent of what the container may use."""
    try:
        api = ministack.ecs._get_docker().api
        waiting = _run_queue.waiting(int(api.inspect_container(container)["State"]["Pid"]))
        stats = api.stats(container, stream=False, one_shot=True)
        now, total = _seconds(stats["read"]), stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
        memory = 100 * stats["memory_stats"]["usage"] / stats["memory_stats"]["limit"]
    except (APIError, NotFound, KeyError, ValueError):
        return []
    before = used.get(container)
    used[container] = (now, total)
    if before is None or now <= before[0]:
        return [("MemoryUtilization", memory)]
    # No more than all, where several threads wait for the same CPU.
    cpu = min(100.0, 100 * ((total - before[1]) / (now - before[0]) + waiting) / cpus)
    return [("CPUUtilization", cpu), ("MemoryUtilization", memory)]


def _seconds(read: str) -> float:
    """When the engine read the counters. Its answer may have taken a while: the time of arrival says nothing."""
    whole, _, fraction = read.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


@correction(
    "An alarm looks at its own dimensions, at M of its last N periods, and treats missing data as it was told",
    f"{_CW}/alarm-evaluation.html",
)
def alarms_are_evaluated() -> None:
    ministack.cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=_watch, daemon=True, name="alarms").start()


def _watch() -> None:
    while True:
        time.sleep(max(scaled(10), 0.25))
        for (account, region, name), alarm in list(ministack.cloudwatch._alarms.all_items()):
            with ministack.request_scope(account, region):
                try:
                    evaluate(alarm)
                except Exception as error:
                    print(f"alarm {name}: {type(error).__name__}: {error}", flush=True)


def evaluate(alarm: dict[str, Any]) -> None:
    """Sets the alarm's state from the last periods, and tells its actions when that changes it."""
    if not alarm.get("ComparisonOperator"):
        return
    periods = int(alarm.get("EvaluationPeriods", 1))
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    points = [datapoint(alarm, ago) for ago in range(1, evaluation_range(periods) + 1)]
    if warms_up(alarm, sum(point is not None for point in points) >= periods):
        return
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = [None if point is None else compare(point, float(alarm["Threshold"])) for point in points]
    missing = alarm.get("TreatMissingData") or "missing"
    state = alarm_state(breaching, periods, needed, missing, str(alarm["StateValue"]))
    if state != alarm["StateValue"]:
        old, alarm["StateValue"] = alarm["StateValue"], state
        alarm["StateReason"] = f"Threshold Crossed: {points} {alarm['ComparisonOperator']} {alarm['Threshold']}"
        alarm["StateUpdatedTimestamp"] = int(time.time())
        ministack.cloudwatch._record_history(alarm["AlarmName"], old, state, alarm["StateReason"])
        print(f"alarm {alarm['AlarmName']}: {old} -> {state}: {points}", flush=True)
        notifications.tell_alarm_actions(alarm, old, state, alarm["StateReason"])


def warms_up(alarm: dict[str, Any], filled: bool) -> bool:
    """Whether the alarm is not evaluated yet: it waits for the end of its warm-up period, or for as much data as it
    needs if these come first and the alarm does not insist on the whole period.
    """
    warm_up = alarm.get("_warm_up")
    if warm_up is None:
        return False
    insists = str(warm_up.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds", False)).lower() == "true"
    minutes = float(warm_up["WarmUpPeriodDurationInMinutes"])
    if time.time() < warm_up["_began"] + scaled(60 * minutes) and (insists or not filled):
        return True
    # It warms up once.
    alarm["_warm_up"] = None
    return False


def datapoint(alarm: dict[str, Any], ago: int) -> float | None:
    """Of the alarm's metric or expression, in the period so long ago (1 is the last whole one)."""
    queries = alarm.get("Metrics")
    if queries:
        return query(queries, ago)
    dims = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
    return metrics.statistic(
        alarm["Namespace"], alarm["MetricName"], dims, float(alarm["Period"]), alarm["Statistic"], ago
    )


def query(queries: list[dict[str, Any]], ago: int, period: float = 60) -> float | None:
    """The datapoint of the one metric data query that returns data, as alarms and target tracking write them."""
    values: dict[str, float | None] = {}
    expressions = {}
    for each in queries:
        if "Expression" in each:
            expressions[each["Id"]] = each["Expression"]
            continue
        stat = each["MetricStat"]
        dims = {dim["Name"]: dim["Value"] for dim in stat["Metric"].get("Dimensions", [])}
        values[each["Id"]] = metrics.statistic(
            stat["Metric"]["Namespace"],
            stat["Metric"]["MetricName"],
            dims,
            float(stat.get("Period", period)),
            stat["Stat"],
            ago,
        )
    returned = [each["Id"] for each in queries if str(each.get("ReturnData", True)).lower() == "true"]
    if len(returned) != 1:
        raise ValueError("exactly one metric must return data")
    # An expression may name others. Those that it names come first; a circle has none that does.
    waiting = dict(expressions)
    while waiting:
        ready = {key: each for key, each in waiting.items() if not metric_math.names(each) & waiting.keys()}
        if not ready:
            raise ValueError(f"metric math: {', '.join(sorted(waiting))} name each other in a circle")
        values |= {key: metric_math.evaluate(each, values) for key, each in ready.items()}
        waiting = {key: each for key, each in waiting.items() if key not in ready}
    return values[returned[0]]


@correction(
    "An alarm on metric math is an alarm like any other",
    f"{_CW}/Create-alarm-on-metric-math-expression.html",
)
def alarms_on_metric_math() -> None:
    plain = ministack.provisioners._cw_metric_alarm_record

    def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        queries = properties.get("Metrics")
        if not queries:
            return dict(plain(name, properties))
        query(queries, 1)
        stand_in = {**properties, "MetricName": "metric math", "Namespace": "metric math"}
        del stand_in["Metrics"]
        return {**plain(name, stand_in), "Metrics": queries}

    ministack.provisioners._cw_metric_alarm_record = record


@correction(
    "An alarm with a warm-up period begins to evaluate when that ends, or as soon as data fill its evaluation window",
    f"{_CW}/alarm-warm-up.html",
)
def alarms_warm_up() -> None:
    plain = ministack.provisioners._cw_metric_alarm_record

    def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        made = dict(plain(name, properties))
        known = ministack.cloudwatch._alarms.get(name)
        if known is not None:
            return {**made, "_warm_up": known.get("_warm_up")}
        warm_up = properties.get("WarmUpConfiguration")
        return {**made, "_warm_up": {**warm_up, "_began": time.time()} if warm_up else None}

    ministack.provisioners._cw_metric_alarm_record = record
