"""The state of an alarm, from the datapoints of its evaluation range.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Sequence

# CloudWatch retrieves more datapoints than it needs, in case some are missing. How many more is documented for three
# periods only, of which it retrieves five.
_MORE = 2


def evaluation_range(periods: int) -> int:
    """How many of the last periods an alarm looks at, that needs the datapoints of so many."""
    return periods + _MORE


def alarm_state(breaching: Sequence[bool | None], periods: int, needed: int, missing: str, current: str) -> str:
    """`breaching` says of each period in the evaluation range, the newest first, whether its datapoint breaches; None
    where there is none. `needed` is DatapointsToAlarm, `missing` is TreatMissingData, `current` the state so far.
    """
    real = [each for each in breaching if each is not None]
    if len(real) >= periods:
        return "ALARM" if sum(real[:periods]) >= needed else "OK"
    if missing == "breaching":
        return "ALARM" if sum(real) + periods - len(real) >= needed else "OK"
    if sum(real) >= needed:
        return "ALARM"
    if missing == "notBreaching" or not all(real):
        return "OK"
    if missing == "ignore":
        return current
    if not real:
        return "INSUFFICIENT_DATA"
    # Nothing but breaching datapoints, and too few of them: ALARM once the oldest is as old as the alarm is patient.
    oldest = max(number for number, each in enumerate(breaching, 1) if each is not None)
    return "ALARM" if oldest >= needed else current
