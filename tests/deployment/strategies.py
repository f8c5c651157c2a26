"""One stage for each deployment strategy, its releases, and what users saw of each. The stages run beside each other.

The smallest service is built once. Its versions are images made from it, and a release swaps the image.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.deployment.account import existing
from tests.deployment.chosen import choose
from tests.deployment.prebuilt import image, push
from tests.deployment.small_service import small_service
from tests.deployment.stage import Stage
from tests.deployment.visitors import Visit, Visitors

# The stages' own parts of the settings. An alarm needs up to five minutes: a canary's step, blue/green's bake time, and
# linear's steps with its bake time, have at least three more for a busy machine.
SMOKE_TEST = "/ready"
SETTINGS: dict[str, dict[str, Any]] = {
    "rolling": {"strategy": "rolling"},
    "blue-green": {"strategy": "blue-green", "bake_minutes": 8, "smoke_test_path": SMOKE_TEST},
    "canary": {
        "strategy": "canary",
        "step_percent": 5,
        "step_minutes": 8,
        "bake_minutes": 1,
        "smoke_test_path": SMOKE_TEST,
    },
    "linear": {
        "strategy": "linear",
        "step_percent": 25,
        "step_minutes": 2,
        "bake_minutes": 5,
        "smoke_test_path": SMOKE_TEST,
    },
    "codedeploy": {
        "strategy": "codedeploy",
        "step_percent": 25,
        "step_minutes": 8,
        "bake_minutes": 1,
        "smoke_test_path": SMOKE_TEST,
    },
}
# The shares of the new version in percent, step by step.
SHARES = {"blue-green": [100], "canary": [5, 100], "linear": [25, 50, 75, 100], "codedeploy": [25, 100]}
# Every version, and the paths that it answers with 500.
VERSIONS = {
    "one": "",
    "two": "",
    "three": "",
    "four": "",
    "unhealthy": "/health",
    "broken": "/",
    "untested": SMOKE_TEST,
}
# No version has a database: nothing of a deployment depends on it.
OWN: dict[str, Any] = {"database": {"kind": "none"}}
REPOSITORY = "phoenix-test/versions"


def build_versions(aws: LocalAws) -> dict[str, str]:
    """Builds the service and every version of it; their names in the engine. The registry then has the layers, so that
    a push to a stage's repository takes no time.
    """
    project = small_service(aws, "owner-of-versions", OWN).clone
    base = f"127.0.0.1:{aws.settings.port}/versions:base"
    aws.engine.client.images.build(path=str(project / "app"), tag=base, rm=True)
    aws.client("ecr").create_repository(repositoryName=REPOSITORY)
    found = {}
    for name, fails in VERSIONS.items():
        variables = f"ENV VERSION={name}" + (f" FAILS={fails}" if fails else "")
        found[name] = image(aws, name, base, variables)
        push(aws, found[name], REPOSITORY, name)
    return found


def version(visit: Visit) -> str:
    """The version that answered; empty where none did."""
    return visit.body.decode().partition(" ")[0]


@dataclass
class Step:
    """At least from `began` until `ended`, the new version had `percent` of the requests, and gave so many of the
    answers.
    """

    began: float
    ended: float
    percent: int
    new: int = 0
    answers: int = 0


@dataclass
class Release:
    """What became of a version. `steps`: of a strategy that shifts requests; `deployment`: how ECS, or CodeDeploy,
    describes it.
    """

    visitors: Visitors
    seconds: float
    execution: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    deployment: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """Of the pipeline's last action."""
        return str(self.execution["actions"][-1]["summary"])

    @property
    def versions(self) -> Counter[str]:
        """How many answers each version gave."""
        return Counter(version(each) for each in self.visitors.visits)

    @property
    def last(self) -> str:
        """The version that answered last."""
        return version(max(self.visitors.visits, key=lambda each: each.began))


class Story:
    """The stage of one strategy. `chapters` run in their order in a thread; `told` waits for what one of them found.

    `at_first`: what existed of the stage before its first deployment.
    """

    def __init__(self, aws: LocalAws, strategy: str, images: Mapping[str, str]) -> None:
        self.aws, self.strategy, self.images = aws, strategy, images
        self.prefix = strategy[:3]
        self.fork = small_service(aws, f"owner-of-{self.prefix}", OWN | {"deployment": SETTINGS[strategy]})
        self.stage = Stage(aws, self.fork, self.prefix)
        self.at_first: set[str] = set()
        self._found: dict[str, Future[Any]] = {}

    def begin(self, chapters: Mapping[str, Callable[[Story], Any]]) -> None:
        """Begins to run them."""
        self._found = {name: Future() for name in chapters}
        threading.Thread(target=self._run, args=(chapters,), daemon=True, name=self.strategy).start()

    def _run(self, chapters: Mapping[str, Callable[[Story], Any]]) -> None:
        failure: BaseException | None = None
        for name, chapter in chapters.items():
            if failure is None:
                began = time.time()
                try:
                    self._found[name].set_result(chapter(self))
                except BaseException as error:
                    failure = error
                    self._found[name].set_exception(error)
                print(f"{self.strategy}: {name}: {time.time() - began:.1f} s", flush=True)
            else:
                self._found[name].set_exception(AssertionError(f"an earlier chapter has failed: {failure!r}"))

    def told(self, chapter: str) -> Any:
        """What a chapter found."""
        return self._found[chapter].result(1800)

    def choose(self, strategy: str, **more: Any) -> None:
        """Writes these settings and the templates that follow from them into the clone."""
        choose(self.fork.clone, OWN | {"deployment": SETTINGS[strategy]} | more)

    def push(self, name: str) -> int:
        """Pushes what is in the clone, with the image of a version. The number of the pipeline's run."""
        return self.stage.push(f"Release {name}", self.images[name])

    def release(self, name: str) -> Release:
        """Releases a version under constant requests, once no alarm of the one before can stop it."""
        if self.stage.failed_at:
            self.stage.calm()
        before = self.weights()
        # The alarm needs enough errors of a canary.
        rate = 10 if (self.strategy, name) == ("canary", "broken") else 5
        with Visitors(self.stage, rate=rate) as visitors:
            time.sleep(1)
            began = time.time()
            run = self.push(name)
            steps = self._steps(run, before)
            execution = self.stage.ended(run)
            seconds = time.time() - began
            time.sleep(1)
        for step in steps:
            # Requests on their way when the weights changed are no step's.
            inside = [each for each in visitors.visits if step.began < each.began < step.ended - 0.3]
            step.answers, step.new = len(inside), sum(version(each) == name for each in inside)
        return Release(visitors, seconds, execution, steps, self.deployment() if before else {})

    def _steps(self, run: int, before: dict[str, int]) -> list[Step]:
        """How the share of the new version changes until the pipeline's run ends."""
        steps: list[Step] = []
        rule = self._rule()
        while len(runs := self.stage.executions()) < run or runs[run - 1]["status"] == "InProgress":
            if before:
                asked = time.time()
                percent = sum(weight for group, weight in _weights(self.aws, rule).items() if not before[group])
                if percent != (steps[-1].percent if steps else 0):
                    steps.append(Step(time.time(), asked, percent))
                elif steps:
                    steps[-1].ended = asked
            time.sleep(1)
        return steps

    def _rule(self) -> str:
        """What forwards users' requests by weight: a rule, or the listener of CodeDeploy; empty where nothing does."""
        resources = self.stage.resources()
        return resources.get("ProductionRule") or (resources["Listener"] if self.strategy == "codedeploy" else "")

    def weights(self) -> dict[str, int]:
        """The percent of the requests by target group; empty where the strategy has only one."""
        rule = self._rule()
        if not rule:
            return {}
        resources = self.stage.resources()
        found = _weights(self.aws, rule)
        return {resources[each]: found.get(resources[each], 0) for each in ("TargetGroup", "AlternateTargetGroup")}

    def deployment(self) -> dict[str, Any]:
        """The service's last deployment that shifted requests, as ECS or CodeDeploy describes it."""
        if self.strategy == "codedeploy":
            client, name = self.aws.client("codedeploy"), self.stage.full_name
            found = client.list_deployments(applicationName=name, deploymentGroupName=name)["deployments"]
            return dict(client.get_deployment(deploymentId=found[0])["deploymentInfo"])
        ecs, outputs = self.aws.client("ecs"), self.stage.outputs()
        listed = ecs.list_service_deployments(cluster=outputs["ClusterName"], service=outputs["ServiceName"])
        arn = listed["serviceDeployments"][0]["serviceDeploymentArn"]
        return dict(ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0])

    def present(self) -> set[str]:
        """What exists of this stage, but for the stack of the infrastructure itself."""
        found = {f"{kind}: {name}" for kind, names in existing(self.aws).items() for name in names}
        return {each for each in found if self.stage.full_name in each} - {f"stacks: {self.stage.infrastructure_stack}"}


def _weights(aws: LocalAws, rule: str) -> dict[str, int]:
    """Of a rule, or of a listener's own action."""
    elb = aws.client("elbv2")
    if ":listener/" in rule:
        actions = elb.describe_listeners(ListenerArns=[rule])["Listeners"][0]["DefaultActions"]
    else:
        actions = elb.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]
    return {each["TargetGroupArn"]: each["Weight"] for each in actions[0]["ForwardConfig"]["TargetGroups"]}
