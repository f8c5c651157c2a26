"""Each strategy of deployment in a stage of its own: what users see of good and bad versions, and what is left.

The stages of all strategies whose tests run (`-k canary`: of one) run beside each other. A test waits for its chapter
of one of them. A local AWS of their own runs twice as fast as that of the other stories.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws
from tests.deployment import recorded
from tests.deployment.account import existing
from tests.deployment.stage import DeploymentFailed, local_aws
from tests.deployment.strategies import REPOSITORY, SETTINGS, SHARES, Release, Story, build_versions
from tests.deployment.strategies_table import Table
from tests.deployment.visitors import Visitors

STRATEGIES = list(SETTINGS)
SHIFTING = list(SHARES)
TIME_SCALE = 0.05
# Why a version is rolled back, as the pipeline's last action says it: by ECS, and by CodeDeploy. CodeDeploy gives up
# after an hour unless the alarm fires before; that depends on how long the tasks stay before ECS replaces them.
ROLLED_BACK = {
    "unhealthy": (r"Service deployment rolled back because ", r"UnhealthyTargetsAlarm|task set to become healthy"),
    "broken": (r"Service deployment rolled back because of one or more active alarms\.", r"ServerErrorAlarm"),
    "untested": (
        r"Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook\(s\) failed\.",
        r"of AfterAllowTestTraffic answered Failed",
    ),
}
# A creation with CodeDeploy fails so. ECS waits for hours for tasks of such a service that are never healthy.
REFUSED = "The maximum number of deployment groups has been reached."


@pytest.fixture(scope="module")
def aws(engine: DockerEngine) -> Iterator[LocalAws]:
    """The local AWS of these stages."""
    with local_aws(engine, TIME_SCALE) as running:
        yield running


@pytest.fixture(scope="module")
def stories(aws: LocalAws, request: pytest.FixtureRequest) -> dict[str, Story]:
    """Those of the strategies whose tests run, under way."""
    images = build_versions(aws)
    here = [item for item in request.session.items if item.path == request.path]
    wanted = {item.callspec.params["strategy"] for item in here if hasattr(item, "callspec")}
    found = {strategy: Story(aws, strategy, images) for strategy in STRATEGIES if strategy in wanted}
    for story in found.values():
        shifts = story.strategy in SHIFTING
        chapters = {
            "first": first_deployment_fails,
            "created": create,
            "release": lambda story: story.release("two"),
            "settings": change_settings,
            "infrastructure": change_infrastructure,
            "unhealthy": lambda story: story.release("unhealthy"),
            "broken": lambda story: story.release("broken"),
            **({"untested": lambda story: story.release("untested")} if shifts else {}),
            **({} if shifts else {"switch": begin_to_shift}),
            "removed": remove,
        }
        story.begin(chapters)
    return found


@pytest.fixture(scope="module")
def table(engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Table]:
    """The table in docs/deployments.md."""
    collected = Table(engine, TIME_SCALE, STRATEGIES)
    yield collected
    part = collected.part()
    print("\n" + part.text())
    recorded.keep(request.config, part)


@dataclass
class First:
    """A first deployment that fails."""

    reason: str
    status: str
    seconds: float
    left: set[str]


def first_deployment_fails(story: Story) -> First:
    """There is no commit yet when the pipeline begins: its first run fails, and the first version is a bad one."""
    stage = story.stage
    stage.create_pipeline()
    stage.ended(1)
    story.at_first = story.present()
    began = time.time()
    if story.strategy == "codedeploy":
        story.aws.fail(stage.infrastructure_stack, "DeploymentGroup", REFUSED)
        run = story.push("one")
    else:
        run = story.push("unhealthy")
    try:
        stage.finished(run)
        reason = "none"
    except DeploymentFailed as error:
        reason = str(error)
    return First(
        reason, stage.status(stage.infrastructure_stack), time.time() - began, story.present() - story.at_first
    )


def create(story: Story) -> float:
    """Deletes the stack that has failed, as its user does, and pushes a good version; the seconds until it answers."""
    story.stage.delete(story.stage.infrastructure_stack)
    began = time.time()
    story.stage.finished(story.push("one"))
    assert story.stage.get().status == 200
    return time.time() - began


@dataclass
class Changed:
    """A release with other settings: what the container of a task has of them, and the weights before and after."""

    release: Release
    environment: dict[str, str]
    cpus: float
    memory: int
    weights: tuple[dict[str, int], dict[str, int]]


def change_settings(story: Story) -> Changed:
    """An environment variable, a secret, CPU and memory arrive with the next version."""
    secret = f"{story.prefix}/payments"
    story.aws.client("secretsmanager").create_secret(Name=secret, SecretString='{"key": "from the secret"}')
    service = {
        "cpu": 1024,
        "memory": 2048,
        "variables": {"GREETING": "hello"},
        "secrets": {"PAYMENT_KEY": f"{secret}:key"},
    }
    story.choose(story.strategy, service=service)
    update_pipeline(story)
    before = story.weights()
    release = story.release("three")
    container = story.stage.container(story.stage.tasks()[0]).attrs
    environment = dict(each.split("=", 1) for each in container["Config"]["Env"])
    host = container["HostConfig"]
    weights = before, story.weights()
    return Changed(release, environment, host["NanoCpus"] / 1e9, host["Memory"] // 2**20, weights)


def update_pipeline(story: Story) -> None:
    """Before the push, as the documentation says."""
    runs = len(story.stage.executions())
    story.stage.update_pipeline()
    # A pipeline that changed runs by itself.
    time.sleep(2)
    if len(story.stage.executions()) > runs:
        story.stage.ended(runs + 1)


@dataclass
class Untouched:
    """An update that changes nothing of the service."""

    status: str
    users: Visitors
    weights: tuple[dict[str, int], dict[str, int]]
    revisions: tuple[str, str]


def change_infrastructure(story: Story) -> Untouched:
    """Another target of scaling: the stack is updated, and nothing is deployed."""
    stage = story.stage
    [stack] = stage.cloudformation.describe_stacks(StackName=stage.infrastructure_stack)["Stacks"]
    parameters = [
        {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
        if each["ParameterKey"] != "AutoScalingTargetValue"
        else {"ParameterKey": "AutoScalingTargetValue", "ParameterValue": str(int(each["ParameterValue"]) + 1)}
        for each in stack["Parameters"]
    ]
    weights, revision = story.weights(), running(story)
    with Visitors(stage) as users:
        stage.cloudformation.update_stack(
            StackName=stage.infrastructure_stack,
            UsePreviousTemplate=True,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM"],
        )
        stage.settled(stage.infrastructure_stack, ["UPDATE_COMPLETE"])
        time.sleep(2)
    status = stage.status(stage.infrastructure_stack)
    return Untouched(status, users, (weights, story.weights()), (revision, running(story)))


def running(story: Story) -> str:
    """The task that has run for the longest time: no deployment has replaced it."""
    return str(min(story.stage.tasks(), key=lambda each: each["createdAt"])["taskArn"])


def begin_to_shift(story: Story) -> Release:
    """From rolling to blue/green, in the stage that runs."""
    story.choose("blue-green")
    update_pipeline(story)
    return story.release("four")


def remove(story: Story) -> set[str]:
    """Deletes both stacks; what is left of the infrastructure."""
    story.stage.delete(story.stage.infrastructure_stack)
    left = story.present() - story.at_first
    story.stage.delete(story.stage.pipeline_stack)
    return left


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_first_deployment_that_fails_is_cleaned_up(stories: dict[str, Story], table: Table, strategy: str) -> None:
    first: First = stories[strategy].told("first")
    assert first.status == "ROLLBACK_COMPLETE"
    # With rolling, three tasks fail, or the alarm fires: which is first depends on how long tasks take to start.
    reason = {"rolling": r"Circuit Breaker|alarm", "codedeploy": re.escape(REFUSED)}.get(
        strategy, "No rollback candidate"
    )
    assert re.search(reason, first.reason), first.reason
    assert first.left == set()
    what = "a resource is refused" if strategy == "codedeploy" else "never healthy"
    table.add(strategy, "the first deployment fails: rolled back, nothing left", what, f"{first.seconds:.0f} s")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_first_version_is_deployed(stories: dict[str, Story], table: Table, strategy: str) -> None:
    seconds = stories[strategy].told("created")
    table.add(strategy, "the first version: deployed", f"{seconds:.0f} s")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_release_fails_no_request(stories: dict[str, Story], table: Table, strategy: str) -> None:
    release: Release = stories[strategy].told("release")
    assert release.execution["status"] == "Succeeded", release.summary
    assert release.visitors.failed == []
    assert release.last == "two"
    table.add(strategy, "a release: requests, failed", _failures(release.visitors), f"{release.seconds:.0f} s")


@pytest.mark.parametrize("strategy", SHIFTING)
def test_requests_shift_by_the_settings(stories: dict[str, Story], table: Table, strategy: str) -> None:
    release: Release = stories[strategy].told("release")
    assert [step.percent for step in release.steps] == SHARES[strategy]
    for step in release.steps:
        share = step.percent / 100
        # Four standard deviations: by chance one release in 15,000 is outside.
        margin = 4 * math.sqrt(max(share * (1 - share), 0.01) / step.answers)
        assert abs(step.new / step.answers - share) <= (margin if share < 1 else 0), step
    shares = ", ".join(f"{step.percent} %: {100 * step.new / step.answers:.1f} %" for step in release.steps)
    table.add(strategy, "share of the new version, by the weights: by the answers", shares)


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_second_release_goes_the_other_way(stories: dict[str, Story], table: Table, strategy: str) -> None:
    changed: Changed = stories[strategy].told("settings")
    before, after = changed.weights
    assert sorted(before.values()) == [0, 100]
    assert after == {group: 100 - weight for group, weight in before.items()}
    what = "weights of both target groups before the second release, after it"
    table.add(strategy, what, *map(_by_group, changed.weights))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_changed_settings_arrive(stories: dict[str, Story], table: Table, strategy: str) -> None:
    changed: Changed = stories[strategy].told("settings")
    assert changed.release.execution["status"] == "Succeeded", changed.release.summary
    assert changed.release.visitors.failed == []
    assert (changed.environment["GREETING"], changed.environment["PAYMENT_KEY"]) == ("hello", "from the secret")
    assert (changed.cpus, changed.memory) == (1, 2048)
    table.add(
        strategy,
        "a release with another variable, secret, CPU and memory: requests, failed",
        _failures(changed.release.visitors),
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_update_of_the_infrastructure_leaves_the_requests_where_they_are(
    stories: dict[str, Story], table: Table, strategy: str
) -> None:
    found: Untouched = stories[strategy].told("infrastructure")
    assert found.status == "UPDATE_COMPLETE"
    assert found.users.failed == []
    assert {each.body.partition(b" ")[0] for each in found.users.visits} == {b"three"}
    assert found.weights[0] == found.weights[1]
    assert found.revisions[0] == found.revisions[1]
    what = "weights before an update of the infrastructure only, after it"
    table.add(strategy, what, *map(_by_group, found.weights))


def _assert_rolled_back(strategy: str, version: str, release: Release) -> None:
    """By the strategy's own machinery, and for the version's own fault."""
    assert release.execution["status"] == "Failed"
    assert release.last == "three"
    if strategy in SHIFTING:
        by_ecs, by_codedeploy = ROLLED_BACK[version]
        assert re.search(by_codedeploy if strategy == "codedeploy" else by_ecs, release.summary), release.summary
        # CodeDeploy rolls back by one more deployment.
        expected = ("codeDeployRollback", "Succeeded") if strategy == "codedeploy" else (None, "ROLLBACK_SUCCESSFUL")
        assert (release.deployment.get("creator"), release.deployment["status"]) == expected


def _assert_unseen(release: Release) -> None:
    """The version before answered every request."""
    assert release.visitors.failed == []
    assert release.versions.keys() == {"three"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_version_that_is_never_healthy_gets_no_request(
    stories: dict[str, Story], table: Table, strategy: str
) -> None:
    release: Release = stories[strategy].told("unhealthy")
    _assert_rolled_back(strategy, "unhealthy", release)
    _assert_unseen(release)
    assert release.steps == []
    table.add(strategy, "never healthy: rolled back; answers of it", f"{release.seconds:.0f} s", "0")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_version_that_answers_with_errors_is_rolled_back(
    stories: dict[str, Story], table: Table, strategy: str
) -> None:
    """A canary of 5 % whose every answer is an error, too: the alarm judges each version by its own requests."""
    release: Release = stories[strategy].told("broken")
    _assert_rolled_back(strategy, "broken", release)
    assert "alarm" in release.summary.lower()
    errors = release.visitors.failed
    assert {each.body.partition(b" ")[0] for each in errors} == {b"broken"}
    if strategy == "canary":
        assert {step.percent for step in release.steps} <= {0, 5}
        assert len(errors) < 0.1 * release.visitors.sent
    lasted = errors[-1].began - errors[0].began
    table.add(
        strategy,
        "answers with errors: rolled back; failed requests, over",
        f"{release.seconds:.0f} s",
        f"{len(errors)} of {release.visitors.sent}",
        f"{lasted:.0f} s",
    )


@pytest.mark.parametrize("strategy", SHIFTING)
def test_no_user_sees_a_version_that_fails_its_smoke_test(
    stories: dict[str, Story], table: Table, strategy: str
) -> None:
    release: Release = stories[strategy].told("untested")
    _assert_rolled_back(strategy, "untested", release)
    _assert_unseen(release)
    table.add(strategy, "fails its smoke test: rolled back; answers of it", f"{release.seconds:.0f} s", "0")


@pytest.mark.parametrize("strategy", ["rolling"])
def test_a_running_stage_begins_to_shift_without_a_failed_request(
    stories: dict[str, Story], table: Table, strategy: str
) -> None:
    release: Release = stories[strategy].told("switch")
    assert release.execution["status"] == "Succeeded", release.summary
    assert release.visitors.failed == []
    assert release.last == "four"
    table.add(strategy, "changed to blue-green in the running stage: requests, failed", _failures(release.visitors))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_deletion_leaves_nothing(stories: dict[str, Story], table: Table, strategy: str) -> None:
    assert stories[strategy].told("removed") == set()
    table.add(strategy, "left after the deletion", "nothing")


@pytest.mark.parametrize("strategy", ["codedeploy"])
def test_deletion_leaves_nothing_of_codedeploy(stories: dict[str, Story], aws: LocalAws, strategy: str) -> None:
    story = stories[strategy]
    story.told("removed")
    client = aws.client("codedeploy")
    with pytest.raises(ClientError, match="ApplicationDoesNotExistException"):
        client.get_application(applicationName=story.stage.full_name)
    with pytest.raises(ClientError, match="DeploymentConfigDoesNotExistException"):
        client.get_deployment_config(deploymentConfigName=f"{story.stage.full_name}-25-percent-8-minutes")


def test_nothing_is_left_of_any_stage(stories: dict[str, Story], aws: LocalAws) -> None:
    """But what the test has made itself."""
    for story in stories.values():
        story.told("removed")
    names = ("{0}/payments", "cf-templates-{0}")
    own = {REPOSITORY, *(name.format(story.prefix) for story in stories.values() for name in names)}
    assert {kind: rest for kind, found in existing(aws).items() if (rest := found - own)} == {}


def _by_group(weights: dict[str, int]) -> str:
    return "/".join(map(str, weights.values())) or "-"


def _failures(users: Visitors) -> str:
    return f"{users.sent}, {len(users.failed)}"
