"""The template changes, and the role that deploys it changes first: what is gone from the template is still deleted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws

from .fork import Fork
from .results import Results
from .stage import DeploymentFailed, Stage
from .test_story_3_releases import crashing_at_start

# A queue of the fork's own, and the tasks' right to send to it.
OWN = """
from awacs import sqs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Sub
from troposphere.sqs import Queue


def extend_infrastructure(infrastructure):
    queue = infrastructure.scope.add(
        Queue(
            "OrderQueue",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            QueueName=Sub("${StagePrefix}-phoenix-orders"),
            MessageRetentionPeriod=3600,
            SqsManagedSseEnabled=True,
        )
    )
    infrastructure.service.task.allow(
        Statement(Sid="Order", Effect=Allow, Action=[sqs.SendMessage], Resource=[GetAtt(queue, "Arn")])
    )
"""


def build(fork: Fork) -> str:
    """`python build.py` in the fork: what it prints."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "build.py"], cwd=fork.clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def add_a_queue(fork: Fork) -> None:
    (fork.clone / "own.py").write_text(OWN)
    set_settings(fork, 'extension = "own.py"\n')


def set_settings(fork: Fork, settings: str) -> None:
    (fork.clone / "phoenix.toml").write_text(settings)


@pytest.fixture(scope="module")
def changing(aws: LocalAws) -> Iterator[Stage]:
    """A stage whose template has two database instances and a queue of its own."""
    fork = Fork.create(aws, "changer")
    add_a_queue(fork)
    assert "deployed.json: written" in build(fork)
    fork.push("A queue for the tasks")
    stage = Stage(aws, fork, "change")
    stage.up()
    yield stage
    for stack in (stage.infrastructure_stack, stage.pipeline_stack):
        if stage.status(stack):
            stage.delete(stack)


def release(stage: Stage, message: str) -> None:
    """In the documented order: the pipeline stack first. DeploymentFailed unless the release succeeds."""
    run = len(stage.executions()) + 1
    stage.fork.push(message, quietly=True)
    stage.update_pipeline()
    stage.fork.push("Release it")
    stage.finished(run)


def instances(stage: Stage) -> list[str]:
    found = stage.aws.client("docdb").describe_db_instances()["DBInstances"]
    names = [each["DBInstanceIdentifier"] for each in found if each["DBClusterIdentifier"] == f"{stage.prefix}-phoenix"]
    return sorted(names)


def queues(stage: Stage) -> list[str]:
    return list(stage.aws.client("sqs").list_queues(QueueNamePrefix=f"{stage.prefix}-").get("QueueUrls", []))


def policy(stage: Stage, logical_id: str) -> str:
    """The document of a managed policy of the pipeline stack."""
    iam, arn = stage.aws.client("iam"), stage.resources(stage.pipeline_stack)[logical_id]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return str(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def task_role_policies(stage: Stage) -> list[Any]:
    role = stage.resources()["TaskRole"]
    return list(stage.aws.client("iam").list_role_policies(RoleName=role)["PolicyNames"])


def test_an_update_that_fails_after_the_new_role_is_in_place_is_rolled_back(changing: Stage, results: Results) -> None:
    """One instance fewer, the queue and the tasks' right to it gone; and the version is a bad one."""
    assert instances(changing) == ["change-phoenix-1", "change-phoenix-2"]
    assert task_role_policies(changing) == ["application"]
    fork = changing.fork
    fork.restore(fork.good)
    set_settings(fork, "[database]\ninstances = 1\n")
    crashing_at_start(fork)
    build(fork)
    assert "OrderQueue" not in (fork.clone / "templates" / "Infrastructure.yml").read_text()
    with pytest.raises(DeploymentFailed, match="Essential container"):
        release(changing, "One instance, no queue, a bad version")
    assert changing.status(changing.infrastructure_stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert instances(changing) == ["change-phoenix-1", "change-phoenix-2"]
    assert len(queues(changing)) == 1
    assert task_role_policies(changing) == ["application"]
    assert "sqs:SendMessage" in policy(changing, "RoleBoundary"), "the tasks of before still have their right"
    assert changing.get().status == 200
    results.add("R5", "template without a queue and an instance, bad version: rolled back with the new role")


def test_the_next_release_removes_what_the_template_no_longer_has(changing: Stage, results: Results) -> None:
    changing.fork.restore(changing.fork.good, "app")
    release(changing, "A version that works")
    assert changing.status(changing.infrastructure_stack) == "UPDATE_COMPLETE"
    assert instances(changing) == ["change-phoenix-1"]
    assert queues(changing) == []
    assert task_role_policies(changing) == []
    assert changing.get().status == 200
    results.add("R5", "the good version after it: queue and instance deleted")


def test_once_every_stage_is_updated_the_record_goes(changing: Stage) -> None:
    """The documented step: remove deployed.json, build, update the pipeline stack, release."""
    fork = changing.fork
    (fork.clone / "deployed.json").unlink()
    build(fork)
    assert not (fork.clone / "deployed.json").exists()
    fork.push("Forget the queue", quietly=True)
    changing.update_pipeline()
    assert "sqs:" not in policy(changing, "RoleBoundary")


def test_the_deletion_leaves_nothing(changing: Stage) -> None:
    changing.down()
    assert instances(changing) == []
    assert queues(changing) == []
    with pytest.raises(ClientError, match="does not exist"):
        changing.cloudformation.describe_stacks(StackName=changing.pipeline_stack)
