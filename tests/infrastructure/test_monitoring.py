"""Alarms: any CPU peak is told to somebody (R4; improvement 5 of the kata)."""

from __future__ import annotations

import pytest

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
def test_every_alarm_tells_the_topic_when_it_begins_and_ends(infrastructure_stack: Stack, title: str) -> None:
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
    # In a new stage the first tasks are still to come.
    assert alarm["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": 10}


def test_container_insights_count_the_tasks(infrastructure_stack: Stack) -> None:
    (setting,) = infrastructure_stack.properties("Cluster")["ClusterSettings"]
    assert setting == {"Name": "containerInsights", "Value": "enabled"}


def test_server_errors_count_tasks_and_load_balancer_beyond_one_in_twenty_requests(
    infrastructure_stack: Stack,
) -> None:
    alarm = infrastructure_stack.properties("ServerErrorAlarm")
    metrics = {each["Id"]: each for each in alarm["Metrics"]}
    assert metrics["errors"]["Expression"] == "FILL(tasks, 0) + FILL(nobody, 0) - FILL(requests, 0) / 20"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 10)
    assert metrics["requests"]["MetricStat"]["Metric"]["MetricName"] == "RequestCount"
    assert [name for name, each in metrics.items() if each["ReturnData"]] == ["errors"]
    assert metrics["tasks"]["MetricStat"]["Metric"]["Dimensions"] == TARGETS
    assert metrics["nobody"]["MetricStat"]["Metric"]["Dimensions"] == TARGETS[:1]


def test_alarms_that_roll_back_do_not_need_the_service_first(infrastructure_stack: Stack) -> None:
    for title in ("ServerErrorAlarm", "UnhealthyTargetsAlarm"):
        assert '"Service"' not in text(infrastructure_stack.properties(title))
