"""The alarms of a stage."""

from __future__ import annotations

from tests.deployment.stage import Stage, eventually


def state(stage: Stage, alarm: str) -> str:
    """Of an alarm, by its logical id."""
    name = stage.resources()[alarm]
    return str(stage.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def states(stage: Stage, alarm: str) -> list[str]:
    """Which the alarm has been in since the first datapoint, oldest first."""
    history = stage.aws.client("cloudwatch").describe_alarm_history(
        AlarmName=stage.resources()[alarm], HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    # "Alarm updated from OK to ALARM"
    return [each["HistorySummary"].rpartition(" ")[2] for each in history]


def past_its_warm_up(stage: Stage) -> None:
    """Waits until TooFewTasksAlarm counts the tasks."""
    eventually(lambda: state(stage, "TooFewTasksAlarm") == "OK", 120, "TooFewTasksAlarm in OK after its warm-up period")
