"""Alarms: any CPU peak sends a notification (R4; improvement 5 of the kata)."""

from __future__ import annotations

import pytest

from phoenix_cfn.local.aws.alarm_state import alarm_state, evaluation_range
from phoenix_cfn.local.aws.metric_math import evaluate
from tests.stack import Stack, get_att, ref, text

ALARMS = ["ServerErrorAlarm", "UnhealthyTargetsAlarm", "CpuPeakAlarm", "DatabaseCpuPeakAlarm", "TooFewTasksAlarm"]
SERVICE = [
    {"Name": "ClusterName", "Value": ref("Cluster")},
    {"Name": "ServiceName", "Value": get_att("Service", "Name")},
]
TARGETS = [
    {"Name": "LoadBalancer", "Value": get_att("LoadBalancer", "LoadBalancerFullName")},
    {"Name": "TargetGroup", "Value": get_att("TargetGroup", "TargetGroupFullName")},
]


def test_these_are_all_alarms(infrastructure_stack: Stack) -> None:
    assert sorted(infrastructure_stack.of_type("AWS::CloudWatch::Alarm")) == sorted(ALARMS)


@pytest.mark.parametrize("title", ALARMS)
def test_every_alarm_publishes_to_the_topic_when_it_fires_and_when_it_is_ok(
    infrastructure_stack: Stack, title: str
) -> None:
    alarm = infrastructure_stack.properties(title)
    assert alarm["AlarmActions"] == alarm["OKActions"] == [ref("AlarmTopic")]
    assert alarm["AlarmDescription"]


def test_the_topic_writes_to_the_email_that_was_given(infrastructure_stack: Stack) -> None:
    subscription = infrastructure_stack.resources["AlarmTopicEmailSubscription"]
    assert subscription["Condition"] == "HasNotificationEmail"
    assert subscription["Properties"] == {
        "TopicArn": ref("AlarmTopic"),
        "Protocol": "email",
        "Endpoint": ref("NotificationEmail"),
    }


def test_cloudwatch_may_publish_to_the_encrypted_topic(infrastructure_stack: Stack) -> None:
    assert infrastructure_stack.properties("AlarmTopic")["KmsMasterKeyId"] == get_att("EncryptionKey", "Arn")
    statements = infrastructure_stack.properties("EncryptionKey")["KeyPolicy"]["Statement"]
    (publishers,) = (each for each in statements if each["Sid"] == "PublisherToTheTopic")
    assert publishers["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert publishers["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    (policy,) = infrastructure_stack.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert policy["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_any_peak_of_any_task_raises_the_cpu_alarm(infrastructure_stack: Stack) -> None:
    alarm = infrastructure_stack.properties("CpuPeakAlarm")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]) == ("AWS/ECS", "CPUUtilization", SERVICE)
    assert (alarm["Statistic"], alarm["Period"]) == ("Maximum", 20)
    assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"] == 1
    assert alarm["Threshold"] == 80


def test_any_peak_of_the_database_raises_its_alarm(infrastructure_stack: Stack) -> None:
    alarm = infrastructure_stack.properties("DatabaseCpuPeakAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DocDB", "CPUUtilization")
    assert alarm["Dimensions"] == [{"Name": "DBClusterIdentifier", "Value": ref("DatabaseCluster")}]
    assert (alarm["Statistic"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == ("Maximum", 1, 1)


def test_too_few_tasks_is_below_the_minimum_and_silence_counts(infrastructure_stack: Stack) -> None:
    alarm = infrastructure_stack.properties("TooFewTasksAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("ECS/ContainerInsights", "RunningTaskCount")
    assert alarm["Dimensions"] == SERVICE
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", ref("MinRunningTasks"))
    assert alarm["TreatMissingData"] == "breaching"
    # In a new stage one task runs at first: its data must not end the warm-up.
    assert alarm["WarmUpConfiguration"] == {
        "WarmUpPeriodDurationInMinutes": 10,
        "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
    }


def test_container_insights_count_the_tasks(infrastructure_stack: Stack) -> None:
    (setting,) = infrastructure_stack.properties("Cluster")["ClusterSettings"]
    assert setting == {"Name": "containerInsights", "Value": "enabled"}


def test_server_errors_count_tasks_and_load_balancer_beyond_one_in_twenty_requests(
    infrastructure_stack: Stack,
) -> None:
    alarm = infrastructure_stack.properties("ServerErrorAlarm")
    metrics = {each["Id"]: each for each in alarm["Metrics"]}
    assert metrics["errors"]["Expression"] == "tasks + elb - requests / 20"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 10)
    assert metrics["requests"]["MetricStat"]["Metric"]["MetricName"] == "RequestCount"
    assert [name for name, each in metrics.items() if each["ReturnData"]] == ["errors"]
    assert metrics["tasks"]["MetricStat"]["Metric"]["Dimensions"] == TARGETS
    assert metrics["elb"]["MetricStat"]["Metric"]["Dimensions"] == TARGETS[:1]


# Per minute: answers of 500 and above from the tasks, and where none answered; requests. None: not there, or late.
GOOD, QUIET, LATE = (None, None, 1200.0), (None, None, None), (None, None, None)
BAD, HALF_OF_BAD = (1200.0, None, 1200.0), (600.0, None, 600.0)


@pytest.mark.parametrize(
    ("minutes", "state"),
    [
        ([LATE, HALF_OF_BAD, BAD, GOOD, GOOD], "ALARM"),
        # Two bad minutes that arrive as late as they can, when no more requests come.
        ([LATE, LATE, LATE, BAD, BAD, GOOD, GOOD], "ALARM"),
        ([LATE, (None, 400.0, 400.0), (None, 400.0, 400.0)], "ALARM"),
        ([LATE, BAD, GOOD, GOOD, GOOD, GOOD], "OK"),
        ([LATE, GOOD, GOOD, GOOD, GOOD, GOOD], "OK"),
        ([QUIET] * 7, "OK"),
        # Few errors at any traffic: eleven among thousands, one among two.
        ([LATE, *[(11.0, None, 3000.0)] * 6], "OK"),
        ([LATE, *[(1.0, None, 2.0)] * 6], "OK"),
        # Incomplete: half of the errors, and half of the requests.
        ([LATE, (20.0, None, 600.0), *[(40.0, None, 1200.0)] * 5], "OK"),
    ],
)
def test_server_errors_are_seen_in_late_and_incomplete_data(
    infrastructure_stack: Stack, minutes: list[tuple[float | None, ...]], state: str
) -> None:
    alarm = infrastructure_stack.properties("ServerErrorAlarm")
    periods, needed = alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]
    expression = alarm["Metrics"][0]["Expression"]
    points = [evaluate(expression, dict(zip(("tasks", "elb", "requests"), each, strict=True))) for each in minutes]
    breaching = [None if point is None else point > alarm["Threshold"] for point in points]
    padded = (breaching + [None] * 7)[: evaluation_range(periods)]
    assert alarm_state(padded, periods, needed, alarm["TreatMissingData"], "OK") == state


def test_a_release_is_watched_until_its_bad_minutes_have_arrived(infrastructure_stack: Stack) -> None:
    """ECS watches as long as the alarm evaluates, and a load balancer's metrics take up to three minutes."""
    alarm = infrastructure_stack.properties("ServerErrorAlarm")
    assert alarm["EvaluationPeriods"] >= alarm["DatapointsToAlarm"] + 3


def test_nothing_that_is_watched_is_filled(infrastructure_stack: Stack) -> None:
    for kind in ("AWS::CloudWatch::Alarm", "AWS::ApplicationAutoScaling::ScalingPolicy"):
        for title in infrastructure_stack.of_type(kind):
            assert "FILL" not in text(infrastructure_stack.properties(title))


def test_alarms_that_roll_back_do_not_need_the_service_first(infrastructure_stack: Stack) -> None:
    for title in ("ServerErrorAlarm", "UnhealthyTargetsAlarm"):
        assert '"Service"' not in text(infrastructure_stack.properties(title))
