"""Metrics: what the local services publish, and statistics over the periods that alarms and scaling ask for.

CloudWatch aggregates a period's samples into one datapoint. A period of 60 seconds of AWS lasts `scaled(60)` seconds
here, and a Sum over it is scaled up again: ten requests a second are 600 a minute, however long the minute lasts.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.settings import scaled, settings

Dimensions = tuple[tuple[str, str], ...]
# AWS's seconds. Every period is a multiple of it, so that a period's datapoint follows from a few of these.
_TICK = 5.0
_KEPT = 2000


@dataclass
class _Tick:
    """What was published in one tick."""

    total: float = 0.0
    count: int = 0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1
        self.least, self.most = min(self.least, value), max(self.most, value)


# By the tick's number, and by the part of the period's datapoint in which it arrives.
_ticks: dict[tuple[str, str, str, str, Dimensions], dict[int, dict[int, _Tick]]] = defaultdict(dict)
_lock = Lock()

# On their way: when they arrive, place, namespace, name, value, dimensions.
_pending: list[tuple[float, str, str, str, str, float, dict[str, str]]] = []


def _at_once(namespace: str, second: float, part: int) -> float:
    return second


# When a sample can be read, of this namespace, measured at that second, in this part of its period's datapoint.
arrives: Callable[[str, float, int], float] = _at_once


def publish(namespace: str, name: str, value: float, dims: Mapping[str, str], part: int = 0) -> None:
    """One sample of the current account and region, now; `part` is that of its period's datapoint."""
    now = time.time() / scaled(1)
    with _lock:
        ticks = _ticks[_key(namespace, name, dims)]
        ticks.setdefault(int(now // _TICK), {}).setdefault(part, _Tick()).add(value)
        if len(ticks) > _KEPT:
            del ticks[min(ticks)]
        place = ministack.account(), ministack.region()
        _pending.append((arrives(namespace, now, part), *place, namespace, name, value, dict(dims)))


def deliver() -> None:
    """Hands what has arrived to CloudWatch's own operations, such as ListMetrics and GetMetricData."""
    now = time.time() / scaled(1)
    with _lock:
        due = [each for each in _pending if each[0] <= now]
        _pending[:] = [each for each in _pending if each[0] > now]
    for _, account, region, namespace, name, value, dims in due:
        with ministack.request_scope(account, region):
            ministack.cloudwatch.record_metric(namespace, name, value, "None", dims)


def statistic(
    namespace: str, name: str, dims: Mapping[str, str], period: float, stat: str, ago: int = 1
) -> float | None:
    """The datapoint of the last whole period (`ago` = 1) or an earlier one, from the samples that have arrived; None
    where there is none.

    `period` is in AWS's seconds; `stat` one of Average, Sum, Minimum, Maximum, SampleCount.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    width = int(period / _TICK)
    now = time.time() / scaled(1)
    end = (int(now // _TICK) // width - ago + 1) * width
    with _lock:
        ticks = _ticks.get(_key(namespace, name, dims), {})
        found = [
            tick
            for number in range(end - width, end)
            for part, tick in ticks.get(number, {}).items()
            if arrives(namespace, number * _TICK, part) <= now
        ]
    if not found:
        return None
    total, count = sum(each.total for each in found), sum(each.count for each in found)
    if stat == "Average":
        return total / count
    if stat == "Minimum":
        return min(each.least for each in found)
    if stat == "Maximum":
        return max(each.most for each in found)
    if stat == "Sum":
        return total / settings().time_scale
    if stat == "SampleCount":
        return count / settings().time_scale
    raise ValueError(f"the local CloudWatch has no statistic {stat}")


def _key(namespace: str, name: str, dims: Mapping[str, str]) -> tuple[str, str, str, str, Dimensions]:
    """Metrics with other dimensions are other metrics."""
    return ministack.account(), ministack.region(), namespace, name, tuple(sorted(dims.items()))
