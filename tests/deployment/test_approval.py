"""A pipeline that waits for a person: what `phoenix-cfn up` prints, the email, and both answers."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.up import deployed

from .chosen import choose
from .prebuilt import image
from .results import Results
from .stage import Stage, eventually, own_stage
from .subscriber import subscriber
from .versions import other_page


@dataclass
class FirstRun:
    """Of a pipeline that waits for an approval: `waited` seconds, the options of the printed command, what the pipeline
    asked, and the status of the infrastructure's stack before the answer.
    """

    stage: Stage
    waited: float
    options: dict[str, str]
    asked: dict[str, str]
    status: str


@pytest.fixture(scope="module")
def first_run(aws: LocalAws) -> Iterator[FirstRun]:
    """A stage whose deployments need an approval, deployed by the printed command."""
    with own_stage(aws, "asking") as stage:
        choose(stage.fork.clone, {"deployment": {"approval": True}})
        stage.fork.push("Deploy after an approval")
        printed = io.StringIO()
        start = time.time()
        up = threading.Thread(target=deployed, args=(stage, {}, Progress(printed)), daemon=True)
        up.start()
        asked = question(stage)
        command = eventually(
            lambda: re.search(r"put-approval-result (.*)$", printed.getvalue(), re.S), 30, "the command"
        )
        options = dict(re.findall(r"--([a-z-]+) (\S+)", command[1]))
        found = FirstRun(stage, time.time() - start, options, asked, stage.status(stage.infrastructure_stack))
        stage.aws.client("codepipeline").put_approval_result(
            pipelineName=options["pipeline-name"],
            stageName=options["stage-name"],
            actionName=options["action-name"],
            token=options["token"],
            result=dict(each.split("=") for each in options["result"].split(",")),
        )
        up.join(600)
        yield found


@pytest.fixture
def asking(first_run: FirstRun) -> Stage:
    """The deployed stage."""
    return first_run.stage


def question(stage: Stage) -> dict[str, str]:
    """What the answer needs, once the pipeline waits."""
    found: dict[str, str] = eventually(stage.approval, 240, "the pipeline waits for an approval")
    return found


def test_the_first_run_waits_and_up_prints_how_to_approve(first_run: FirstRun, results: Results) -> None:
    """The printed command approves; nothing of the infrastructure exists before it."""
    assert first_run.status == ""
    assert first_run.options["token"] == first_run.asked["token"]
    asking = first_run.stage
    assert asking.get().status == 200
    assert [each["name"] for each in asking.executions()[0]["actions"]] == ["Source", "Build", "Approve", "Deploy"]
    what = "approval: the first run waits, then deploys"
    results.add("R5", what, first_run.waited, note="the URL answers after the approval")


def test_a_rejected_version_changes_nothing(asking: Stage, results: Results) -> None:
    """The topic gets the question with links to the commit and to the approval."""
    before = released(asking)
    unwanted = image(asking.aws, "unwanted", asking.deployed_image(), *other_page("Unwanted"))
    with subscriber(asking.aws, asking.resources(asking.pipeline_stack)["PipelineTopic"]) as messages:
        start = time.time()
        run = asking.push("An unwanted version", unwanted)
        asked = question(asking)
        commit = asking.fork.head()
        [published] = [json.loads(each)["approval"] for each in messages() if "approvalReviewLink" in each]
        assert published["customData"] == "Deploy this commit to asking?"
        assert published["externalEntityLink"].endswith(f"/{asking.fork.owner}/{asking.fork.name}/commit/{commit}")
        assert published["token"] == asked["token"]
        answer(asking, asked, "Rejected")
        execution = asking.ended(run)
    assert execution["status"] == "Failed"
    assert execution["actions"][-1]["summary"] == "Rejected: says the test"
    assert released(asking) == before
    assert b"Welcome to Express" in asking.get().body
    results.add("R5", "approval: a rejected version", time.time() - start, note="nothing changed")


def released(stage: Stage) -> tuple[str, list[str]]:
    """The revision that runs, and the service's deployments."""
    service = stage.service()
    return service["taskDefinition"], [each["id"] for each in service["deployments"]]


def answer(stage: Stage, asked: dict[str, Any], status: str) -> None:
    """As a person in the console."""
    stage.aws.client("codepipeline").put_approval_result(**asked, result={"status": status, "summary": "says the test"})
