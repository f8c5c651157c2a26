"""A first deployment that fails, two stages side by side, and the removal of one of them, which leaves nothing.

One story: each step needs the one before.
"""

from __future__ import annotations

import time

import pytest

from phoenix_cfn.local.server import LocalAws

from .results import Results
from .stage import DeploymentFailed, Stage, own_stage
from .versions import crashing_at_start
from .visitors import Visitors


def test_a_second_stage_comes_and_goes(aws: LocalAws, stage: Stage, results: Results) -> None:
    """`own_stage` finds that nothing of it is left."""
    with own_stage(aws, "qa") as second:
        the_first_deployment_fails_and_says_why(second, results)
        the_second_attempt_works(second, stage.first, results)
        the_two_share_no_name(stage, second)
        its_removal_leaves_the_other_untouched(stage, second, results)
        its_last_snapshot_is_there(second)


def the_first_deployment_fails_and_says_why(second: Stage, results: Results) -> None:
    crashing_at_start(second.fork)
    second.fork.push("A first version that crashes")
    start = time.time()
    second.create_pipeline()
    with pytest.raises(DeploymentFailed, match=r"Circuit Breaker.*Essential container"):
        second.finished(1)
    assert second.status(second.infrastructure_stack) == "ROLLBACK_COMPLETE"
    results.add("R5", "first deployment fails: rolled back, error names the cause", time.time() - start)


def the_second_attempt_works(second: Stage, image: str, results: Results) -> None:
    """CloudFormation keeps a stack whose creation failed for its events; its user deletes it and tries again."""
    start = time.time()
    second.delete(second.infrastructure_stack)
    second.fork.restore(second.fork.good)
    second.finished(second.push("A version that works", image))
    assert second.get().status == 200
    results.add("R5", "second attempt works", time.time() - start)


def the_two_share_no_name(stage: Stage, second: Stage) -> None:
    for name in ("infrastructure_stack", "pipeline_stack"):
        ours, theirs = (set(each.resources(getattr(each, name)).values()) for each in (stage, second))
        assert ours & theirs == set()
    assert stage.url != second.url


def its_removal_leaves_the_other_untouched(stage: Stage, second: Stage, results: Results) -> None:
    """In the documented order, although the bucket and the repository are full."""
    pipeline = second.resources(second.pipeline_stack)
    assert second.aws.client("s3").list_object_versions(Bucket=pipeline["ArtifactBucket"])["Versions"]
    assert second.aws.client("ecr").list_images(repositoryName=pipeline["Repository"])["imageIds"]
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


def its_last_snapshot_is_there(second: Stage) -> None:
    """Of the database, on purpose."""
    found = second.aws.client("docdb").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert second.full_name in {each["DBClusterIdentifier"] for each in found}
