"""Two stages side by side, a first deployment that fails, and the removal of everything."""

from __future__ import annotations

import time
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws

from .fork import Fork
from .results import Results
from .stage import DeploymentFailed, Stage, eventually
from .test_story_2_recovery import steady
from .test_story_3_releases import crashing_at_start
from .visitors import Visitors


@pytest.fixture(scope="module")
def second(aws: LocalAws, stage: Stage) -> Stage:
    """Another stage, of another fork, whose first version crashes at start."""
    fork = Fork.create(aws, "somebody-else")
    crashing_at_start(fork)
    fork.push("A first version that crashes")
    return Stage(aws, fork, "qa")


def test_a_first_deployment_that_fails_says_why_and_the_second_attempt_works(second: Stage, results: Results) -> None:
    start = time.time()
    second.create_pipeline()
    with pytest.raises(DeploymentFailed, match=r"Circuit Breaker.*Essential container"):
        second.finished(1)
    assert second.status(second.infrastructure_stack) == "ROLLBACK_COMPLETE"
    results.add("R5", "first deployment fails: rolled back, error names the cause", time.time() - start)
    start = time.time()
    # CloudFormation keeps a stack whose creation failed for its events; its user deletes it and tries again.
    second.delete(second.infrastructure_stack)
    second.fork.restore(second.fork.good)
    second.fork.push("A version that works")
    second.finished(2)
    assert second.get().status == 200
    results.add("R5", "second attempt works", time.time() - start)


def test_two_stages_share_no_name(stage: Stage, second: Stage) -> None:
    for name in ("infrastructure_stack", "pipeline_stack"):
        ours, theirs = (set(each.resources(getattr(each, name)).values()) for each in (stage, second))
        assert ours & theirs == set()
    assert stage.url != second.url


def test_deleting_one_stage_leaves_the_other_untouched(stage: Stage, second: Stage, results: Results) -> None:
    # A peak before may have made more tasks, which go when it is over.
    eventually(lambda: stage.service()["desiredCount"] == 2, 240, "two tasks wanted")
    steady(stage)
    tasks = {task["taskArn"] for task in stage.tasks()}
    with Visitors(stage, rate=10) as visitors:
        start = time.time()
        second.down()
        seconds = time.time() - start
        time.sleep(1)
    assert visitors.failed == []
    assert {task["taskArn"] for task in stage.tasks()} == tasks
    assert stage.status(stage.infrastructure_stack).endswith("_COMPLETE")
    results.add("removal", "one of two stages deleted; requests go to the other", seconds, visitors)


def test_the_pipeline_stack_goes_although_its_bucket_and_repository_are_full(
    aws: LocalAws, stage: Stage, results: Results
) -> None:
    bucket = stage.resources(stage.pipeline_stack)["ArtifactBucket"]
    assert aws.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    start = time.time()
    stage.down()
    results.add("removal", "both stacks deleted, in the documented order", time.time() - start)


def test_nothing_is_left(aws: LocalAws, stage: Stage, results: Results) -> None:
    """But the last snapshots of the databases, on purpose, and keys that wait to be deleted, as KMS does it."""
    assert left(aws) == {}
    snapshots = aws.client("docdb").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert {each["DBClusterIdentifier"] for each in snapshots} >= {"dev-phoenix", "qa-phoenix"}
    eventually(lambda: aws.containers() == [], 30, "no container left")
    results.add("removal", "left behind", note="a snapshot of each database, on purpose; nothing else")


def left(aws: LocalAws) -> dict[str, Any]:
    """What exists in the account, by kind; AWS's own defaults do not count."""
    ec2, iam = aws.client("ec2"), aws.client("iam")
    found = {
        "stacks": [
            each["StackName"]
            for each in aws.client("cloudformation").list_stacks()["StackSummaries"]
            if each["StackStatus"] != "DELETE_COMPLETE"
        ],
        "networks": [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]],
        "addresses": ec2.describe_addresses()["Addresses"],
        "NAT gateways": ec2.describe_nat_gateways()["NatGateways"],
        "security groups": [
            each["GroupName"]
            for each in ec2.describe_security_groups()["SecurityGroups"]
            if each["GroupName"] != "default"
        ],
        "load balancers": aws.client("elbv2").describe_load_balancers()["LoadBalancers"],
        "target groups": aws.client("elbv2").describe_target_groups()["TargetGroups"],
        "clusters": aws.client("ecs").list_clusters()["clusterArns"],
        "databases": aws.client("docdb").describe_db_clusters()["DBClusters"],
        "secrets": aws.client("secretsmanager").list_secrets()["SecretList"],
        "log groups": aws.client("logs").describe_log_groups()["logGroups"],
        "alarms": aws.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": aws.client("cloudwatch").list_dashboards()["DashboardEntries"],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "topics": aws.client("sns").list_topics()["Topics"],
        "buckets": aws.client("s3").list_buckets()["Buckets"],
        "repositories": aws.client("ecr").describe_repositories()["repositories"],
        "projects": aws.client("codebuild").list_projects()["projects"],
        "functions": aws.client("lambda").list_functions()["Functions"],
        "rules": aws.client("events").list_rules()["Rules"],
        "roles": [each["RoleName"] for each in iam.list_roles()["Roles"] if "/aws-service-role/" not in each["Path"]],
        "keys": [key for key in _keys(aws) if key["KeyState"] != "PendingDeletion"],
    }
    return {kind: things for kind, things in found.items() if things}


def _keys(aws: LocalAws) -> list[dict[str, Any]]:
    kms = aws.client("kms")
    found = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    return [each for each in found if each["KeyManager"] == "CUSTOMER"]
