"""When CloudWatch has a sample that a service measured: AWS's services publish late, and load balancers in parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """A service publishes what it measured in each `interval`: part by part, so many seconds after the interval's end.

    All in AWS's seconds.
    """

    interval: float
    delays: tuple[float, ...]


_AT_ONCE = Arrival(1.0, (0.0,))
ARRIVALS = {
    # Each zone's node publishes its own: a request is counted one to three minutes later, and until then the
    # minute's datapoint is there but incomplete. https://github.com/Netflix/atlas/pull/1300
    "AWS/ApplicationELB": Arrival(60.0, (60.0, 100.0)),
    # 20 to 40 seconds later.
    "AWS/ECS": Arrival(20.0, (20.0,)),
    # One to two minutes later.
    "ECS/ContainerInsights": Arrival(60.0, (60.0,)),
    "AWS/DocDB": Arrival(60.0, (60.0,)),
}


def parts(namespace: str) -> int:
    """In how many parts a minute's datapoint of this namespace arrives."""
    return len(ARRIVALS.get(namespace, _AT_ONCE).delays)


def arrives(namespace: str, second: float, part: int) -> float:
    """When a sample that was measured at that second can be read."""
    arrival = ARRIVALS.get(namespace, _AT_ONCE)
    return (second // arrival.interval + 1) * arrival.interval + arrival.delays[part]
