"""The alarms of a stage."""

from __future__ import annotations

from tests.deployment.stage import Stage, eventually


def state(stage: Stage, alarm: str) -> str:
    """Of an alarm, by its logical id."""
    name = stage.resources()[alarm]
    return str(stage.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def states(stage: Stage, alarm: str) -> list[str]:
    """OK and ALARM in the order in which the alarm was in them."""
    history = stage.aws.client("cloudwatch").describe_alarm_history(
        AlarmName=stage.resources()[alarm], HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    # "Alarm updated from OK to ALARM"
    found = [each["HistorySummary"].rpartition(" ")[2] for each in history]
    return [each for each in found if each != "INSUFFICIENT_DATA"]


def past_its_warm_up(stage: Stage) -> None:
    """Waits until TooFewTasksAlarm counts the tasks."""
    eventually(lambda: state(stage, "TooFewTasksAlarm") == "OK", 120, "TooFewTasksAlarm in OK after its warm-up period")
