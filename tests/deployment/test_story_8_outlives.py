"""The template changes, and the role that deploys it changes first: what is gone from the template is still deleted.

One story: each step needs the one before.
"""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws

from .fork import Fork
from .results import Results
from .stage import DeploymentFailed, Stage, own_stage
from .versions import CRASHING_AT_START

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


def add_a_queue(fork: Fork) -> None:
    (fork.clone / "own.py").write_text(OWN)
    fork.set_settings('extension = "own.py"\n')


def test_what_the_template_no_longer_has_is_deleted(aws: LocalAws, results: Results) -> None:
    with own_stage(aws, "change") as stage:
        deploy_with_two_instances_and_a_queue(stage)
        an_update_that_fails_after_the_new_role_is_in_place_is_rolled_back(stage, results)
        the_next_release_removes_what_the_template_no_longer_has(stage, results)
        once_every_stage_is_updated_the_record_goes(stage)
        stage.down()
        assert instances(stage) == []


def deploy_with_two_instances_and_a_queue(stage: Stage) -> None:
    add_a_queue(stage.fork)
    assert "deployed.json: written" in stage.fork.build()
    stage.fork.push("A queue for the tasks")
    stage.up()


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


def an_update_that_fails_after_the_new_role_is_in_place_is_rolled_back(stage: Stage, results: Results) -> None:
    """One instance fewer, the queue and the tasks' right to it gone; and the version is a bad one."""
    assert instances(stage) == ["change-phoenix-1", "change-phoenix-2"]
    assert task_role_policies(stage) == ["application"]
    fork = stage.fork
    record = (fork.clone / "deployed.json").read_bytes()
    fork.restore(fork.good)
    (fork.clone / "deployed.json").write_bytes(record)
    fork.set_settings("[database]\ninstances = 1\n")
    fork.build()
    assert "OrderQueue" not in (fork.clone / "templates" / "Infrastructure.yml").read_text()
    crashing = stage.version("crashing-change", *CRASHING_AT_START)
    with pytest.raises(DeploymentFailed, match="Essential container"):
        stage.finished(stage.release("One instance, no queue, a bad version", crashing))
    assert stage.status(stage.infrastructure_stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert instances(stage) == ["change-phoenix-1", "change-phoenix-2"]
    assert len(queues(stage)) == 1
    assert task_role_policies(stage) == ["application"]
    assert "sqs:SendMessage" in policy(stage, "RoleBoundary"), "the tasks of before still have their right"
    assert stage.get().status == 200
    results.add("R5", "template without a queue and an instance, bad version: rolled back with the new role")


def the_next_release_removes_what_the_template_no_longer_has(stage: Stage, results: Results) -> None:
    stage.finished(stage.release("A version that works", stage.first))
    assert stage.status(stage.infrastructure_stack) == "UPDATE_COMPLETE"
    assert instances(stage) == ["change-phoenix-1"]
    assert queues(stage) == []
    assert task_role_policies(stage) == []
    assert stage.get().status == 200
    results.add("R5", "the good version after it: queue and instance deleted")


def once_every_stage_is_updated_the_record_goes(stage: Stage) -> None:
    """The documented step: remove deployed.json, build, update the pipeline stack, release."""
    fork = stage.fork
    (fork.clone / "deployed.json").unlink()
    fork.build()
    assert not (fork.clone / "deployed.json").exists()
    stage.push("Forget the queue", stage.first, quietly=True)
    stage.update_pipeline()
    assert "sqs:" not in policy(stage, "RoleBoundary")
