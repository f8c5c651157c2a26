"""CloudWatch's corrections, and its arithmetic."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from phoenix_cfn.local.aws.alarm_state import alarm_state
from phoenix_cfn.local.aws.arrival import arrives, parts
from phoenix_cfn.local.aws.metric_math import evaluate
from phoenix_cfn.local.aws.run_queue import RunQueue
from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab
from tests.local.aws.service import OUTPUTS, container, service
from tests.local.aws.test_corrections import SETTINGS
from tests.local.aws.test_documentdb import cluster
from tests.local.aws.test_notifications import alarm


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        # FILL: also where data are only late.
        ("FILL(requests, 0) / 60", {"requests": None}, 0),
        ("FILL(requests, 0) / 60", {"requests": 600.0}, 10),
        ("FILL(a, 0) + FILL(b, 0)", {"a": 2.0, "b": None}, 2),
        # Arithmetic: a missing value counts as 0 where there is another, and there are data only where one has them.
        ("a + b", {"a": 2.0, "b": None}, 2),
        ("a + b", {"a": None, "b": None}, None),
        ("a + 1", {"a": None}, None),
        ("tasks + nobody - requests / 20", {"tasks": None, "nobody": None, "requests": 40.0}, -2),
        ("(requests + 0 * healthy) / 60", {"requests": None, "healthy": 2.0}, 0),
        ("(requests + 0 * healthy) / 60", {"requests": 600.0, "healthy": 2.0}, 10),
        ("(requests + 0 * healthy) / 60", {"requests": None, "healthy": None}, None),
        # A division by 0 has no result, whether the 0 is there or missing.
        ("a / b", {"a": 1.0, "b": 0.0}, None),
        ("a / b", {"a": 1.0, "b": None}, None),
        ("a / b", {"a": None, "b": 2.0}, 0),
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


@pytest.mark.parametrize(
    ("rest", "busy"), [("pass", True), ("time.sleep(0.1)", False)], ids=["computes all the time", "sleeps now and then"]
)
def test_what_computes_on_a_busy_machine_counts_as_busy(rest: str, busy: bool) -> None:
    """Four processes on one CPU: each waits for three quarters of the time, if it does not sleep."""
    code = f"import os, time; os.sched_setaffinity(0, {{0}}); [os.fork() for _ in range(2)]\nwhile True: {rest}"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    queue, found = RunQueue(), []
    try:
        for _ in range(8):
            time.sleep(0.5)
            found.append(queue.waiting(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    # At first nothing is known.
    assert found[0] == 0
    assert (sum(found[1:]) / 7 > 1) is busy
    assert queue.waiting(process.pid) == 0


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


# The tables of "How alarm state is evaluated when data is missing". The newest datapoint is on the right; the states
# are those for missing, ignore, breaching and notBreaching. "Kept" is the state before.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
@pytest.mark.parametrize(
    ("needed", "points", "states"),
    [
        (3, "0 - X - X", "OK OK OK OK"),
        (3, "0 - - - -", "OK OK OK OK"),
        (3, "- - - - -", "INSUFFICIENT_DATA Kept ALARM OK"),
        (3, "0 X X - X", "ALARM ALARM ALARM ALARM"),
        (3, "- - X - -", "ALARM Kept ALARM OK"),
        (2, "0 - X - X", "ALARM ALARM ALARM ALARM"),
        (2, "0 0 X 0 X", "ALARM ALARM ALARM ALARM"),
        (2, "0 - X - -", "OK OK ALARM OK"),
        (2, "- - - - 0", "OK OK ALARM OK"),
        (2, "- - - X -", "ALARM Kept ALARM OK"),
        # Too young to be sure: the next one may be good.
        (3, "- - - - X", "Kept Kept ALARM OK"),
        (3, "- - - X -", "Kept Kept ALARM OK"),
    ],
)
def test_alarms_look_beyond_missing_data(needed: int, points: str, states: str) -> None:
    breaching = [{"0": False, "X": True, "-": None}[each] for each in reversed(points.split())]
    found = [
        alarm_state(breaching, 3, needed, missing, "Kept")
        for missing in ("missing", "ignore", "breaching", "notBreaching")
    ]
    assert found == states.split()


@pytest.mark.parametrize(
    ("namespace", "earliest", "latest"),
    [("AWS/ApplicationELB", 60, 180), ("AWS/ECS", 20, 40), ("ECS/ContainerInsights", 60, 120), ("Lab", 0, 1)],
)
def test_samples_arrive_as_late_as_their_service_publishes(namespace: str, earliest: int, latest: int) -> None:
    late = [arrives(namespace, second, part) - second for second in range(120) for part in range(parts(namespace))]
    assert earliest <= min(late) <= max(late) <= latest


def test_a_minute_of_a_load_balancer_arrives_in_parts() -> None:
    first, last = (arrives("AWS/ApplicationELB", 30, part) for part in range(parts("AWS/ApplicationELB")))
    assert first < last
    # And is complete before the next minute begins to arrive.
    assert last < arrives("AWS/ApplicationELB", 90, 0)


def test_metrics_arrive_late(lab: Lab, aws: LocalAws, image: str) -> None:
    """A request is counted a minute of AWS later at the earliest."""
    outputs = lab.deploy(
        service(container(image)), {**OUTPUTS, "Balancer": {"Fn::GetAtt": ["Balancer", "LoadBalancerFullName"]}}
    )
    count = partial(
        aws.client("cloudwatch").list_metrics,
        MetricName="RequestCount",
        Dimensions=[{"Name": "LoadBalancer", "Value": outputs["Balancer"]}],
    )
    start = time.time()
    assert request(aws, outputs["Url"]).status == 200
    eventually(lambda: count()["Metrics"], 60, "the request is counted")
    assert time.time() - start >= 60 * aws.settings.time_scale


def test_alarms_warm_up(lab: Lab, aws: LocalAws) -> None:
    """Silence is breaching, but not yet."""
    warm_up = {"WarmUpPeriodDurationInMinutes": 1}
    start = time.time()
    outputs = lab.deploy(
        {"Alarm": alarm(TreatMissingData="breaching", WarmUpConfiguration=warm_up)}, {"Name": {"Ref": "Alarm"}}
    )
    eventually(lambda: _state(aws, outputs["Name"]) == "ALARM", 60, "the alarm in ALARM")
    assert time.time() - start >= 60 * aws.settings.time_scale


@pytest.mark.parametrize(
    ("insists", "filled", "minutes", "waits"),
    [
        (False, False, 9, True),
        (False, True, 1, False),
        (True, True, 9, True),
        ("true", True, 9, True),
        (True, False, 11, False),
    ],
)
def test_warm_up_ends_with_the_first_data_unless_the_alarm_insists(
    insists: bool | str, filled: bool, minutes: int, waits: bool
) -> None:
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws.cloudwatch import warms_up

    configuration = {"WarmUpPeriodDurationInMinutes": 10, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": insists}
    watching = {"_warm_up": {**configuration, "_began": time.time() - 60 * minutes * SETTINGS.time_scale}}
    assert warms_up(watching, filled) is waits
    # It warms up once.
    assert warms_up(watching, False) is waits


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
    # An expression may name others, in whatever order.
    resource["Properties"]["Metrics"] = [
        {"Id": "e", "Expression": "MAX([half, m]) + 1", "ReturnData": True},
        {"Id": "half", "Expression": "FILL(m, 4) / 2", "ReturnData": False},
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
    ]
    other = lab.deploy({"Alarm": resource}, {"Name": {"Ref": "Alarm"}})
    eventually(lambda: _state(aws, other["Name"]) == "ALARM", 20, "the alarm fires: 3 is above 1")
    resource["Properties"]["Metrics"][1]["Expression"] = "e / 2"
    assert "in a circle" in lab.failure({"Alarm": resource})
    resource["Properties"]["Metrics"][1]["Expression"] = "RATE(m)"
    assert "not implemented" in lab.failure({"Alarm": resource})
