"""A deployed stage as the tests use it: requests to the application, its tasks and targets, and waiting."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phoenix_cfn.local import stage
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import PATIENCE, Meanwhile
from phoenix_cfn.local.visitors import Answer, request
from tests.deployment import prebuilt
from tests.deployment.account import existing
from tests.deployment.fork import BRANCH, Fork
from tests.deployment.versions import without_tests

__all__ = ["PATIENCE", "Answer", "DeploymentFailed", "Stage", "eventually", "local_aws", "own_stage", "request"]

TASKS = 2


class Stage(stage.Stage):
    """Of a fork that the tests change."""

    fork: Fork
    # The image of the version that `up` has deployed, by its name in the engine.
    first = ""
    # When a request or a release last failed.
    failed_at = 0.0

    def up(self, **changes: str) -> None:
        super().up(**changes)
        self.first = self.deployed_image()

    def deployed_image(self) -> str:
        """The image that the infrastructure stack deploys, by its name in the engine."""
        [stack] = self.cloudformation.describe_stacks(StackName=self.infrastructure_stack)["Stacks"]
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        return f"127.0.0.1:{self.aws.settings.port}/{parameters['DockerImageURI'].partition('/')[2]}"

    def version(self, name: str, *lines: str) -> str:
        """Builds an image by lines of a Dockerfile on the first version's. Its name in the engine."""
        return prebuilt.image(self.aws, name, self.first, *lines)

    def push(self, message: str, image: str, quietly: bool = False) -> int:
        """Pushes what is in the clone, with an image of the engine under the tag of the commit, so that no build makes
        another. With `quietly`, the host does not report the push. The number of the next run.
        """
        run = len(self.executions()) + 1
        commit = self.fork.push(message, quietly=True)
        prebuilt.push(self.aws, image, self.resources(self.pipeline_stack)["Repository"], commit)
        if not quietly:
            self.fork.remote.deliver(BRANCH)
        return run

    def release(self, message: str, image: str) -> int:
        """Releases templates and an image in the documented order: the pipeline stack first. The number of the run."""
        run = self.push(message, image, quietly=True)
        self.update_pipeline()
        self.push("Release it", image)
        return run

    def ended(self, count: int, seconds: float = 420, meanwhile: Meanwhile = lambda: None) -> dict[str, Any]:
        """As of every stage; the failure is remembered."""
        execution = super().ended(count, seconds, meanwhile)
        if execution["status"] == "Failed":
            self.failed_at = time.time()
        return execution

    def restore(self) -> None:
        """Returns when the stage is as `up` left it: the fork's first version, two healthy tasks, nothing under way.

        A test may have changed the application, the number of tasks and the load. What changes a template has a stage
        of its own.
        """
        self.fork.reset()
        for run in range(len(self.executions())):
            self.ended(run + 1)
        released = [each["commit"] for each in self.executions() if each["status"] == "Succeeded"]
        if self.fork.tree(released[-1]) != self.fork.tree(self.fork.good):
            self.calm()
            self.finished(self.push("Release the first version again", self.first))
        self.settled(self.infrastructure_stack, ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
        if self.service()["desiredCount"] != TASKS:
            # Sooner than scaling in, which takes fifteen minutes.
            outputs = self.outputs()
            self.aws.client("ecs").update_service(
                cluster=outputs["ClusterName"], service=outputs["ServiceName"], desiredCount=TASKS
            )
        self.steady()

    def calm(self) -> None:
        """Waits until no failure of before can roll back a release: a load balancer's metrics arrive three minutes late
        at the latest.
        """
        time.sleep(max(0.0, self.failed_at + 180 * self.aws.settings.time_scale + 1 - time.time()))
        names = [self.resources()[each] for each in ("ServerErrorAlarm", "UnhealthyTargetsAlarm")]

        def quiet() -> bool:
            found = self.aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
            return {each["StateValue"] for each in found} == {"OK"}

        eventually(quiet, 60, "the alarms that watch releases are in OK")

    def steady(self) -> None:
        """Waits until there are two tasks, and both are healthy."""
        eventually(lambda: len(self.tasks()) == len(self.healthy()) == TASKS, 240, f"{TASKS} healthy tasks")

    def remove(self) -> None:
        """Deletes the stacks that exist."""
        for stack in (self.infrastructure_stack, self.pipeline_stack):
            if self.status(stack):
                self.delete(stack)

    def get(self, path: str = "/", method: str = "GET", timeout: float = 30) -> Answer:
        """A request to the application under the URL of the Outputs."""
        return request(self.aws, self.url, path, method, timeout)

    def healthy(self) -> list[str]:
        """The addresses of the healthy targets."""
        group = self.resources()["TargetGroup"]
        found = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"]


@contextmanager
def local_aws(engine: DockerEngine, time_scale: float) -> Iterator[LocalAws]:
    """A local AWS, one second of whose clocks lasts `time_scale` seconds. The end of its log is printed."""
    with tempfile.TemporaryDirectory(prefix="phoenix-local-aws-", ignore_cleanup_errors=True) as folder:
        running = LocalAws.start(engine, Path(folder) / "state", time_scale)
        try:
            yield running
        finally:
            print(running.log()[-20_000:])
            running.stop()


@contextmanager
def own_stage(aws: LocalAws, prefix: str, tests: bool = False) -> Iterator[Stage]:
    """A stage with a fork of its own, not deployed yet. At the end its stacks are deleted, and nothing is left.

    Its builds run the tests of the application only with `tests`.
    """
    before = existing(aws)
    fork = Fork.create(aws, f"owner-of-{prefix}")
    if not tests:
        without_tests(fork)
        fork.good = fork.push("Build without the tests")
    stage = Stage(aws, fork, prefix)
    try:
        yield stage
    finally:
        stage.remove()
    after = existing(aws)
    assert after == before, {kind: after.get(kind, set()) ^ before.get(kind, set()) for kind in {*after, *before}}


def eventually(check: Callable[[], Any], seconds: float, what: str) -> Any:
    """Waits until the check returns something true, and returns that; AssertionError after far more seconds."""
    end = time.time() + PATIENCE * seconds
    while time.time() < end:
        found = check()
        if found:
            return found
        # A check takes some requests: more often, waiting would load the machine.
        time.sleep(0.25)
    raise AssertionError(f"not within {PATIENCE * seconds:g} s: {what}")
