"""R5: a commit changes the page without a failed request; a bad version is rolled back and the old one goes on."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError

import pytest

from phoenix_cfn.local.server import LocalAws

from .fork import Fork
from .results import Results
from .stage import Stage, eventually
from .visitors import Visitors

# The circuit breaker counts tasks, the alarm minutes: which of them is first depends on how long tasks take to start.
NEVER_HEALTHY = r"Task failed ELB health checks|alarm\(s\) detected: \S*UnhealthyTargetsAlarm"
NEW_PAGE = "Welcome to Phoenix"


@pytest.fixture(scope="module")
def mailbox(aws: LocalAws, stage: Stage) -> Iterator[Callable[[], list[str]]]:
    """What the pipeline's topic has published since the last call."""
    with subscriber(aws, stage.resources(stage.pipeline_stack)["PipelineTopic"]) as messages:
        yield messages


@contextmanager
def subscriber(aws: LocalAws, topic: str) -> Iterator[Callable[[], list[str]]]:
    """A queue that is subscribed to a topic while the context lasts; the function that it gives empties the queue."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    url = sqs.create_queue(QueueName=f"subscriber-{time.time_ns()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def messages() -> list[str]:
        found = []
        while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for each in received:
                found.append(str(json.loads(each["Body"])["Message"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    try:
        yield messages
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def test_a_commit_changes_the_page(stage: Stage, fork: Fork, results: Results) -> None:
    run = len(stage.executions()) + 1
    # As a developer does: the page, and the exchanges that its tests expect.
    for file in ["src/pages.js", *(str(each.relative_to(fork.clone / "app")) for each in _exchanges(fork))]:
        fork.replace(f"app/{file}", "Welcome to Express", NEW_PAGE)
    with Visitors(stage, rate=20) as visitors:
        start = time.time()
        commit = fork.push("Welcome visitors by the right name")
        execution = stage.finished(run)
        eventually(lambda: NEW_PAGE.encode() in stage.get().body, 10, "the new page")
        seconds = time.time() - start
        time.sleep(1)
    assert execution["trigger"] == "Webhook"
    assert execution["commit"] == commit
    assert visitors.failed == []
    results.add("R5", "a commit changes the page: pushed, tested, built, released", seconds, visitors)


def _exchanges(fork: Fork) -> list[Any]:
    found = (fork.clone / "app" / "test" / "contract").rglob("*.http")
    return [each for each in found if "Welcome to Express" in each.read_text()]


def calm(stage: Stage) -> None:
    """Waits until the alarms have nothing more to say about the release before, whose metrics arrive three minutes late
    at the latest.
    """
    names = [stage.resources()[each] for each in ("ServerErrorAlarm", "UnhealthyTargetsAlarm")]
    time.sleep(180 * stage.aws.settings.time_scale + 1)

    def quiet() -> bool:
        found = stage.aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        return {each["StateValue"] for each in found} == {"OK"}

    eventually(quiet, 60, "the alarms that watch releases are in OK")


def never_healthy(fork: Fork) -> None:
    _without_tests(fork)
    fork.replace("app/src/app.js", "send(req, res, 200, { type: JSON_TYPE", "send(req, res, 503, { type: JSON_TYPE")


def crashing_at_start(fork: Fork) -> None:
    _without_tests(fork)
    fork.replace("app/src/main.js", "const config = readConfig(process.env);", "throw new Error('a bad version');")


def without_image(fork: Fork) -> None:
    nothing = "sha256:" + "0" * 64
    fork.replace("app/buildspec.yml", '"$REPOSITORY_URI" "$digest"', f'"$REPOSITORY_URI" "{nothing}"')


def _without_tests(fork: Fork) -> None:
    """The version that gets through: its tests miss what is wrong with it."""
    fork.replace("app/package.json", '"test": "', '"test": "true || ')


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (never_healthy, NEVER_HEALTHY),
        (crashing_at_start, "Essential container"),
        (without_image, "CannotPullContainerError"),
    ],
    ids=["never healthy", "crashing at start", "image missing"],
)
def test_a_bad_version_is_rolled_back(
    stage: Stage,
    fork: Fork,
    results: Results,
    mailbox: Callable[[], list[str]],
    spoil: Callable[[Fork], None],
    reason: str,
    request: pytest.FixtureRequest,
) -> None:
    calm(stage)
    run = len(stage.executions()) + 1
    mailbox()
    good = fork.head()
    spoil(fork)
    with Visitors(stage, rate=20) as visitors:
        start = time.time()
        fork.push("A bad version")
        execution = stage.ended(run)
        seconds = time.time() - start
        time.sleep(1)
    fork.restore(good)
    fork.push("Back to the good version", quietly=True)
    deploy = execution["actions"][-1]
    assert (execution["status"], deploy["name"], deploy["status"]) == ("Failed", "Deploy", "Failed")
    assert re.search(reason, deploy["summary"]), deploy["summary"]
    assert stage.status(stage.infrastructure_stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert visitors.failed == []
    assert NEW_PAGE.encode() in stage.get().body
    assert any("has failed" in each for each in mailbox())
    case = request.node.callspec.id
    results.add("R5", f"bad version ({case}): rolled back, old one answers", seconds, visitors)


def test_a_version_that_answers_with_errors_is_rolled_back_by_its_alarm(
    stage: Stage, fork: Fork, results: Results
) -> None:
    """Its health check is fine; only visitors see it, and with them the alarm on the load balancer's metrics."""
    calm(stage)
    run = len(stage.executions()) + 1
    good = fork.head()
    _without_tests(fork)
    fork.replace(
        "app/src/app.js", "'/': (req, res) => send(req, res, 200, home)", "'/': (req, res) => send(req, res, 500, home)"
    )
    with Visitors(stage, rate=20) as visitors:
        start = time.time()
        fork.push("A version that answers with errors")
        execution = stage.ended(run)
        seconds = time.time() - start
    fork.restore(good)
    fork.push("Back to the good version", quietly=True)
    deploy = execution["actions"][-1]
    assert (deploy["name"], deploy["status"]) == ("Deploy", "Failed")
    assert "alarm(s) detected" in deploy["summary"]
    assert "ServerErrorAlarm" in deploy["summary"]
    assert stage.status(stage.infrastructure_stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert NEW_PAGE.encode() in stage.get().body
    results.add(
        "R5",
        "bad version (answers with errors): its alarm rolls it back",
        seconds,
        visitors,
        f"errors for {visitors.disturbed():.1f} s",
    )


def test_the_stack_is_usable_after_all_that(stage: Stage, fork: Fork, results: Results) -> None:
    calm(stage)
    run = len(stage.executions()) + 1
    with Visitors(stage, rate=20) as visitors:
        start = time.time()
        fork.push("A good version again")
        stage.finished(run)
        seconds = time.time() - start
    assert stage.status(stage.infrastructure_stack) == "UPDATE_COMPLETE"
    assert visitors.failed == []
    results.add("R5", "a good version after the bad ones", seconds, visitors)


def test_pushes_to_other_branches_and_forged_ones_start_nothing(stage: Stage, fork: Fork) -> None:
    before = len(stage.executions())
    [(url, secret)] = fork.remote.hooks().items()
    assert secret != ""
    assert fork.remote.tell(url, secret, {"ref": "refs/heads/other"}) == 200
    with pytest.raises(HTTPError, match="403"):
        fork.remote.tell(url, "not the secret", {"ref": "refs/heads/master"})
    assert len(stage.executions()) == before
