"""R3: seven days for every log group, and for the backups of the database."""

from __future__ import annotations

import time

from phoenix_cfn.local.server import LocalAws

from .account import retentions
from .results import Results
from .stage import Stage, eventually

DAYS = 7


def test_every_log_group_keeps_seven_days(aws: LocalAws, stage: Stage, results: Results) -> None:
    groups = retentions(aws)
    expected = {
        "/dev-phoenix/tasks",
        "/aws/codebuild/dev-phoenix",
        "/aws/docdb/dev-phoenix/audit",
        "/aws/docdb/dev-phoenix/profiler",
        "/aws/ecs/containerinsights/dev-phoenix/performance",
    }
    assert expected <= set(groups)
    assert set(groups.values()) == {DAYS}
    results.add("R3", f"retention of all {len(groups)} log groups", note=f"{DAYS} days each")


def test_the_tasks_log_arrives(aws: LocalAws, stage: Stage) -> None:
    group, start = stage.outputs()["LogGroupName"], int(1000 * time.time())
    stage.get("/?seen-in-the-log")

    def seen() -> bool:
        events = aws.client("logs").filter_log_events(logGroupName=group, startTime=start)["events"]
        return any("GET /?seen-in-the-log HTTP/1.1" in each["message"] for each in events)

    eventually(seen, 30, "the request in the log")


def test_the_database_is_backed_up_for_seven_days(aws: LocalAws, stage: Stage, results: Results) -> None:
    cluster = aws.client("docdb").describe_db_clusters(DBClusterIdentifier=stage.resources()["DatabaseCluster"])
    found = cluster["DBClusters"][0]
    assert found["BackupRetentionPeriod"] == DAYS
    assert found["StorageEncrypted"] is True
    assert len(found["DBClusterMembers"]) == 2
    results.add("R3", "backups of the database", note=f"{DAYS} days, encrypted, two instances")
