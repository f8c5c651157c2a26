"""R5 by CodeDeploy: the first run, releases without a failed request, bad versions, and other changes in between."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws
from tests.deployment import REPOSITORY_ROOT

from .conftest import TIME_SCALE
from .results import Results
from .stage import Stage, eventually, own_stage
from .variants import adopt, deployed_image, release, variant
from .versions import without_tests
from .visitors import Visitors

PAGE, SECOND, THIRD = "Welcome to Express", "Welcome to the second version", "Welcome to the third version"
PERCENT = 25
SMOKE_TEST = "/stylesheets/style.css"
# An alarm needs up to five minutes to fire; the step is that long.
SETTINGS = f"""
[deployment]
strategy = "codedeploy"
step_percent = {PERCENT}
step_minutes = 6
bake_minutes = 1
smoke_test_path = "{SMOKE_TEST}"
"""


@pytest.fixture(scope="module")
def results(engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Results]:
    """The table of this strategy: recorded as that of the other stories."""
    collected = Results(engine, TIME_SCALE)
    yield collected
    print("\n" + collected.table())
    if os.environ.get("PHOENIX_RECORD") and "PYTEST_XDIST_WORKER" not in os.environ and not request.session.testsfailed:
        collected.write([REPOSITORY_ROOT / "docs/deployments.md"], "codedeploy")


@pytest.fixture(scope="module")
def shifting(aws: LocalAws, results: Results) -> Iterator[Stage]:
    """A stage that CodeDeploy deploys."""
    with own_stage(aws, "cdeploy") as stage:
        adopt(stage.fork, SETTINGS)
        without_tests(stage.fork)
        stage.fork.push("Deploy by CodeDeploy")
        start = time.time()
        stage.up()
        results.add("R5", "both stacks from nothing, and a first shift", time.time() - start)
        yield stage
        _delete_uploads(stage)


def _delete_uploads(stage: Stage) -> None:
    """The bucket through which the larger template went to CloudFormation is no stack's: the console keeps it."""
    s3, bucket = stage.aws.client("s3"), f"cf-templates-{stage.prefix}"
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def first(shifting: Stage) -> str:
    """The image that the first run has built."""
    return deployed_image(shifting)


def page(title: str) -> dict[str, tuple[str, str]]:
    """The change of a version whose page has another title."""
    return {"src/pages.js": (PAGE, title)}


def weights(stage: Stage, listener: str = "Listener") -> dict[str, int]:
    """The percent of the requests by the logical ids of the target groups, without those of none."""
    resources = stage.resources()
    names = {resources[each]: each for each in ("TargetGroup", "AlternateTargetGroup")}
    [found] = stage.aws.client("elbv2").describe_listeners(ListenerArns=[resources[listener]])["Listeners"]
    groups = found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    return {names[each["TargetGroupArn"]]: each["Weight"] for each in groups if each["Weight"]}


def other(group: str) -> str:
    return {"TargetGroup": "AlternateTargetGroup", "AlternateTargetGroup": "TargetGroup"}[group]


def share(stage: Stage, title: str, requests: int = 60) -> float:
    """How many of so many requests a version answers, in percent."""
    return 100 * sum(title.encode() in stage.get().body for _ in range(requests)) / requests


def deployments(stage: Stage) -> list[dict[str, Any]]:
    """Newest first."""
    client, name = stage.aws.client("codedeploy"), stage.full_name
    found = client.list_deployments(applicationName=name, deploymentGroupName=name)["deployments"]
    return [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in found]


def test_the_first_run_creates_the_service_and_shifts_to_it(shifting: Stage) -> None:
    """Unattended, from the image that it has just built."""
    run = shifting.executions()[0]
    assert [(each["name"], each["status"]) for each in run["actions"]] == [
        (name, "Succeeded") for name in ("Source", "Build", "Deploy", "Describe", "Shift")
    ]
    assert PAGE.encode() in shifting.get().body
    [deployment] = deployments(shifting)
    assert (deployment["status"], deployment["creator"]) == ("Succeeded", "user")
    assert deployed_image(shifting).endswith(_running(shifting)["containerDefinitions"][0]["image"].partition("@")[2])


def _running(stage: Stage) -> dict[str, Any]:
    """The task definition of the task set that serves."""
    [only] = stage.service()["taskSets"]
    ecs = stage.aws.client("ecs")
    return dict(ecs.describe_task_definition(taskDefinition=only["taskDefinition"])["taskDefinition"])


@pytest.mark.parametrize("title", [SECOND, THIRD])
def test_a_release_shifts_to_the_other_target_group(shifting: Stage, first: str, results: Results, title: str) -> None:
    """And the next one shifts back."""
    [before] = weights(shifting)
    image = variant(shifting, first, title.split()[-2], page(title))
    with Visitors(shifting, rate=20) as visitors:
        start = time.time()
        run = release(shifting, image, title)
        eventually(lambda: weights(shifting).get(other(before)) == PERCENT, 120, "a step")
        step = share(shifting, title)
        shifting.finished(run)
        seconds = time.time() - start
    assert visitors.failed == []
    assert PERCENT / 3 <= step <= 2 * PERCENT
    assert weights(shifting) == weights(shifting, "TestListener") == {other(before): 100}
    assert share(shifting, title, 10) == 100
    assert len(shifting.service()["taskSets"]) == 1
    way = f"{before} → {other(before)}"
    results.add("R5", f"a release, {way}", seconds, visitors, f"in the step {step:.0f} % new")


def test_an_update_of_the_infrastructure_leaves_the_requests_where_they_go(shifting: Stage) -> None:
    before = weights(shifting)
    [stack] = shifting.cloudformation.describe_stacks(StackName=shifting.infrastructure_stack)["Stacks"]
    kept = [each["ParameterKey"] for each in stack["Parameters"]]
    changed = {"ParameterKey": "MaxRunningTasks", "ParameterValue": "5"}
    assert changed["ParameterKey"] in kept
    with Visitors(shifting, rate=10) as visitors:
        shifting.cloudformation.update_stack(
            StackName=shifting.infrastructure_stack,
            UsePreviousTemplate=True,
            Parameters=[
                changed if key == changed["ParameterKey"] else {"ParameterKey": key, "UsePreviousValue": True}
                for key in kept
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        shifting.settled(shifting.infrastructure_stack, ["UPDATE_COMPLETE"])
    assert weights(shifting) == before
    assert visitors.failed == []


def test_changed_variables_cpu_and_memory_arrive(shifting: Stage, results: Results) -> None:
    service = '[service]\ncpu = 1024\nmemory = 2048\n[service.variables]\nGREETING = "${StagePrefix}"\n'
    adopt(shifting.fork, SETTINGS + service)
    with Visitors(shifting, rate=10) as visitors:
        start = time.time()
        run = release(shifting, deployed_image(shifting), "A variable, CPU and memory")
        shifting.finished(run)
        seconds = time.time() - start
    definition = _running(shifting)
    assert (definition["cpu"], definition["memory"]) == ("1024", "2048")
    assert {"name": "GREETING", "value": "cdeploy"} in definition["containerDefinitions"][0]["environment"]
    for task in shifting.tasks():
        attributes = shifting.container(task).attrs
        assert attributes["HostConfig"]["NanoCpus"] == 1_000_000_000
        assert "GREETING=cdeploy" in attributes["Config"]["Env"]
    assert visitors.failed == []
    results.add("R5", "a variable, CPU and memory arrive", seconds, visitors)


BAD = {
    "never healthy": {"src/app.js": ("send(req, res, 200, { type: JSON_TYPE", "send(req, res, 503, { type: JSON_TYPE")},
    "errors": {"src/app.js": ("'/': (req, res) => send(req, res, 200,", "'/': (req, res) => send(req, res, 500,")},
    "smoke test": {
        "src/app.js": (
            "const PUBLIC = fileURLToPath(new URL('../public'",
            "const PUBLIC = fileURLToPath(new URL('../src'",
        )
    },
}


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("smoke test", "of AfterAllowTestTraffic answered Failed"),
        ("errors", "ServerErrorAlarm"),
        ("never healthy", "UnhealthyTargetsAlarm"),
    ],
)
def test_a_bad_version_is_rolled_back(shifting: Stage, first: str, results: Results, version: str, reason: str) -> None:
    """No user sees one that is not healthy, or fails its smoke test; of one with errors, no more than the step."""
    shifting.calm()
    before, title = weights(shifting), shifting.get().body
    image = variant(shifting, first, version.replace(" ", "-"), BAD[version])
    with Visitors(shifting, rate=20) as visitors:
        start = time.time()
        execution = shifting.ended(release(shifting, image, f"A bad version: {version}"))
        seconds = time.time() - start
        time.sleep(1)
    action = execution["actions"][-1]
    assert (execution["status"], action["name"], action["status"]) == ("Failed", "Shift", "Failed")
    assert reason in action["summary"]
    rollback, failed, *_ = deployments(shifting)
    assert (rollback["creator"], rollback["status"]) == ("codeDeployRollback", "Succeeded")
    assert failed["rollbackInfo"]["rollbackDeploymentId"] == rollback["deploymentId"]
    assert (weights(shifting), shifting.get().body) == (before, title)
    assert shifting.status(shifting.infrastructure_stack) == "UPDATE_COMPLETE"
    if version == "errors":
        assert {each.status for each in visitors.failed} == {500}
        assert len(visitors.failed) < visitors.sent * 2 * PERCENT / 100
        seen = f"errors for {visitors.disturbed():.1f} s"
    else:
        assert visitors.failed == []
        seen = "no user saw it"
    results.add("R5", f"bad version ({version}): rolled back", seconds, visitors, seen)


def test_a_good_version_follows_the_bad_ones(shifting: Stage, first: str, results: Results) -> None:
    shifting.calm()
    [before] = weights(shifting)
    image = variant(shifting, first, "good", page("Welcome back"))
    with Visitors(shifting, rate=20) as visitors:
        start = time.time()
        shifting.finished(release(shifting, image, "A good version again"))
        seconds = time.time() - start
    assert visitors.failed == []
    assert share(shifting, "Welcome back", 10) == 100
    assert list(weights(shifting)) == [other(before)]
    results.add("R5", "a good version after the bad ones", seconds, visitors)


def test_deletion_leaves_nothing_of_codedeploy(shifting: Stage, results: Results) -> None:
    """Of all else, the end of the stage makes sure."""
    start = time.time()
    shifting.remove()
    results.add("R5", "both stacks deleted", time.time() - start, note="nothing left")
    client = shifting.aws.client("codedeploy")
    with pytest.raises(ClientError, match="ApplicationDoesNotExistException"):
        client.get_application(applicationName=shifting.full_name)
    with pytest.raises(ClientError, match="DeploymentConfigDoesNotExistException"):
        client.get_deployment_config(deploymentConfigName=f"{shifting.full_name}-{PERCENT}-percent-6-minutes")
