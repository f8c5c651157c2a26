"""Metrics: what the local services publish, and statistics over the periods that alarms and scaling ask for.

CloudWatch aggregates a period's samples into one datapoint. A period of 60 seconds of AWS lasts `scaled(60)` seconds here,
and a Sum over it is scaled up again: ten requests a second are 600 a minute, however long the minute lasts.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from . import ministack
from .settings import scaled, settings

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Sample:
    time: float
    value: float


_samples: dict[tuple[str, str, str, str, Dimensions], deque[_Sample]] = defaultdict(lambda: deque(maxlen=50_000))
_lock = Lock()


def dimensions(values: Mapping[str, str]) -> Dimensions:
    """As a key: metrics with other dimensions are other metrics."""
    return tuple(sorted(values.items()))


def publish(namespace: str, name: str, value: float, dims: Mapping[str, str]) -> None:
    """One sample of the current account and region, now."""
    key = (ministack.account(), ministack.region(), namespace, name, dimensions(dims))
    with _lock:
        _samples[key].append(_Sample(time.time(), value))
    ministack.cloudwatch.record_metric(namespace, name, value, "None", dict(dims))


def statistic(namespace: str, name: str, dims: Mapping[str, str], period: float, stat: str, ago: int = 1) -> float | None:
    """The datapoint of the last whole period (`ago` = 1) or an earlier one, None where there is no sample in it.

    `period` is in AWS's seconds; `stat` one of Average, Sum, Minimum, Maximum, SampleCount.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    length = scaled(period)
    end = (time.time() // length - ago + 1) * length
    key = (ministack.account(), ministack.region(), namespace, name, dimensions(dims))
    with _lock:
        values = [each.value for each in _samples.get(key, ()) if end - length <= each.time < end]
    if not values:
        return None
    if stat == "Average":
        return sum(values) / len(values)
    if stat == "Minimum":
        return min(values)
    if stat == "Maximum":
        return max(values)
    if stat == "Sum":
        return sum(values) / settings().time_scale
    if stat == "SampleCount":
        return len(values) / settings().time_scale
    raise ValueError(f"the local CloudWatch has no statistic {stat}")
