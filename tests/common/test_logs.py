"""Log groups: seven days, encrypted (R3)."""

from __future__ import annotations

import pytest

from tests.stack import Stack, get_att


@pytest.mark.parametrize(("fixture", "count"), [("infrastructure_stack", 4), ("pipeline_stack", 2)])
def test_every_log_group_is_kept_seven_days(request: pytest.FixtureRequest, fixture: str, count: int) -> None:
    stack: Stack = request.getfixturevalue(fixture)
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert len(groups) == count
    for group in groups.values():
        assert group["RetentionInDays"] == 7
        assert group["KmsKeyId"] == get_att("EncryptionKey", "Arn")


def test_log_groups_are_created_before_their_writers(infrastructure_stack: Stack, pipeline_stack: Stack) -> None:
    assert infrastructure_stack.resources["Cluster"]["DependsOn"] == "ContainerInsightsLogGroup"
    cluster = infrastructure_stack.properties("Cluster")["ClusterName"]["Fn::Sub"]
    insights = infrastructure_stack.properties("ContainerInsightsLogGroup")["LogGroupName"]
    assert insights == {"Fn::Sub": f"/aws/ecs/containerinsights/{cluster}/performance"}
    build = pipeline_stack.properties("BuildProject")["LogsConfig"]["CloudWatchLogs"]
    assert build["GroupName"] == {"Ref": "BuildLogGroup"}
    emptier = pipeline_stack.properties("BucketEmptierFunction")["LoggingConfig"]
    assert emptier == {"LogGroup": {"Ref": "BucketEmptierLogGroup"}}
