"""One stage for each deployment strategy, its releases, and what users saw of each. The stages run beside each other.

An application is built once. Its versions are images made from that one, and a release swaps the image: each is pushed
under the tag of its commit before the webhook calls, so that the pipeline's build finds it.
"""

from __future__ import annotations

import base64
import io
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.render import render

from . import REPOSITORY_ROOT
from .account import existing
from .fork import BRANCH, Fork
from .stage import Stage, eventually, request
from .visitors import Visitors

APPLICATION = "phoenix-test/application"
PAGE = re.compile(rb"Welcome to (\S+?)<")
# Of each version what differs from the application, by the commands that change its files.
_MARK = "sed -i 's/Welcome to Express/Welcome to {0}/' src/pages.js"
_VERSIONS = {
    "unhealthy": "sed -i 's/send(req, res, 200, {{ type: JSON_TYPE/send(req, res, 503, {{ type: JSON_TYPE/' src/app.js",
    "broken": "sed -i 's/send(req, res, 200, home)/send(req, res, 500, home)/' src/app.js",
    "untested": "rm public/stylesheets/style.css",
}
SMOKE_TEST = "/stylesheets/style.css"
# An alarm needs up to five minutes: a canary's step, and the bake time of the others, are long enough for it.
SETTINGS: dict[str, dict[str, Any]] = {
    "rolling": {"strategy": "rolling"},
    "blue-green": {"strategy": "blue-green", "bake_minutes": 6, "smoke_test_path": SMOKE_TEST},
    "canary": {
        "strategy": "canary",
        "step_percent": 5,
        "step_minutes": 6,
        "bake_minutes": 1,
        "smoke_test_path": SMOKE_TEST,
    },
    "linear": {
        "strategy": "linear",
        "step_percent": 25,
        "step_minutes": 2,
        "bake_minutes": 4,
        "smoke_test_path": SMOKE_TEST,
    },
}
# The shares of the new version in percent, step by step.
SHARES = {"blue-green": [100], "canary": [5, 100], "linear": [25, 50, 75, 100]}


def build_versions(aws: LocalAws) -> None:
    """Builds the application and every version of it. Each is pushed to a repository of the test: the registry then has
    the layers, and a push to a stage's repository takes no time.
    """
    docker = aws.engine.client
    folder = str(REPOSITORY_ROOT / "app")
    docker.images.build(path=folder, tag=APPLICATION, rm=True)
    aws.client("ecr").create_repository(repositoryName=APPLICATION)
    for version in ("one", "two", "three", "four", *_VERSIONS):
        change = " && ".join([_MARK.format(version), *([_VERSIONS[version].format()] if version in _VERSIONS else [])])
        lines = [f"FROM {APPLICATION}", "USER 0", f"RUN {change}", "USER 1000:1000"]
        docker.images.build(fileobj=io.BytesIO("\n".join(lines).encode()), tag=f"{APPLICATION}:{version}", rm=True)
        _push(aws, version, APPLICATION, version)


def _push(aws: LocalAws, version: str, repository: str, tag: str) -> None:
    """Pushes a version to a repository of the local ECR."""
    token = aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    docker = aws.engine.client
    local = f"127.0.0.1:{aws.settings.port}/{repository}"
    docker.images.get(f"{APPLICATION}:{version}").tag(local, tag=tag)
    answer = docker.images.push(local, tag=tag, auth_config={"username": user, "password": password})
    assert "error" not in answer, answer


@dataclass(frozen=True)
class Seen:
    """One answer: when its request began, its status, and the version that it is from (empty where none answers)."""

    began: float
    status: int
    version: str


class Users(Visitors):
    """Constant requests, and the versions that answered."""

    def __init__(self, stage: Stage, rate: float = 15) -> None:
        super().__init__(stage, rate=rate)
        self.seen: list[Seen] = []
        self._aws = stage.aws

    def __enter__(self) -> Users:
        super().__enter__()
        return self

    def _visit(self) -> None:
        began = time.time()
        answer = request(self._aws, self.url, timeout=15)
        page = PAGE.search(answer.body)
        self.seen.append(Seen(began, answer.status, page[1].decode() if page else ""))

    @property
    def versions(self) -> Counter[str]:
        """How many answers each version gave."""
        return Counter(each.version for each in self.seen)

    def errors(self) -> list[Seen]:
        """The answers other than 200."""
        return [each for each in self.seen if each.status != 200]


@dataclass
class Step:
    """From `began` on, the new version had `percent` of the requests, and gave so many of the answers."""

    began: float
    percent: int
    new: int = 0
    answers: int = 0


@dataclass
class Release:
    """What became of a version. `steps`: of a strategy that shifts requests; `deployment`: how ECS describes it."""

    users: Users
    seconds: float
    execution: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    deployment: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """Of the pipeline's last action."""
        return str(self.execution["actions"][-1]["summary"])


class Story:
    """The stage of one strategy. `chapters` run in their order in a thread; `told` waits for what one of them found.

    `at_first`: what existed of the stage before its first deployment.
    """

    def __init__(self, aws: LocalAws, strategy: str) -> None:
        self.aws, self.strategy = aws, strategy
        self.prefix = strategy[:3]
        self.fork = Fork(aws, f"owner-of-{self.prefix}")
        self.fork.fill(REPOSITORY_ROOT)
        (self.fork.clone / "deployed.json").unlink(missing_ok=True)
        self.choose({"deployment": SETTINGS[strategy]})
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

    def choose(self, settings: dict[str, Any]) -> None:
        """Writes the settings and the templates that follow from them into the clone."""
        chosen = Settings.of(settings)
        (self.fork.clone / "phoenix.toml").write_text(_toml(settings))
        for name, module in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
            text = render(module.template(chosen))
            (self.fork.clone / f"templates/{name}.yml").write_text(text, encoding="utf-8")

    def push(self, version: str) -> int:
        """Pushes what is in the clone, with the image of a version. The number of the pipeline's run."""
        run = len(self.stage.executions()) + 1
        commit = self.fork.push(f"Release {version}", quietly=True)
        repository = self.stage.resources(self.stage.pipeline_stack)["Repository"]
        _push(self.aws, version, repository, commit)
        self.fork.remote.deliver(BRANCH)
        return run

    def release(self, version: str) -> Release:
        """Releases a version under constant requests."""
        before = self.weights()
        with Users(self.stage) as users:
            time.sleep(1)
            began = time.time()
            run = self.push(version)
            steps = self._steps(run, before)
            execution = self.stage.ended(run)
            seconds = time.time() - began
            time.sleep(1)
        for number, step in enumerate(steps):
            end = steps[number + 1].began if number + 1 < len(steps) else began + seconds
            # Requests on their way when the weights changed are nobody's.
            inside = [each for each in users.seen if step.began + 0.3 < each.began < end - 0.3]
            step.answers, step.new = len(inside), sum(each.version == version for each in inside)
        return Release(users, seconds, execution, steps, self.deployments()[0] if before else {})

    def _steps(self, run: int, before: dict[str, int]) -> list[Step]:
        """How the share of the new version changes until the pipeline's run ends."""
        steps: list[Step] = []
        while len(runs := self.stage.executions()) < run or runs[run - 1]["status"] == "InProgress":
            if before:
                percent = sum(weight for group, weight in self.weights().items() if not before[group])
                if percent != (steps[-1].percent if steps else 0):
                    steps.append(Step(time.time(), percent))
            time.sleep(0.2)
        return steps

    def weights(self) -> dict[str, int]:
        """Of the production rule; empty where the strategy has none."""
        rule = self.stage.resources().get("ProductionRule")
        if not rule:
            return {}
        [found] = self.aws.client("elbv2").describe_rules(RuleArns=[rule])["Rules"]
        return {each["TargetGroupArn"]: each["Weight"] for each in found["Actions"][0]["ForwardConfig"]["TargetGroups"]}

    def deployments(self) -> list[dict[str, Any]]:
        """The service's deployments that shift requests, the newest first."""
        ecs, outputs = self.aws.client("ecs"), self.stage.outputs()
        listed = ecs.list_service_deployments(cluster=outputs["ClusterName"], service=outputs["ServiceName"])
        arns = [each["serviceDeploymentArn"] for each in listed["serviceDeployments"]]
        found = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return sorted(found, key=lambda each: arns.index(each["serviceDeploymentArn"]))

    def calm(self) -> None:
        """Waits until no error of before can fail the next release: metrics arrive three minutes late at the latest."""
        time.sleep(180 * self.aws.settings.time_scale + 1)
        names = [self.stage.resources()[each] for each in ("ServerErrorAlarm", "UnhealthyTargetsAlarm")]

        def quiet() -> bool:
            found = self.aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
            return {each["StateValue"] for each in found} == {"OK"}

        eventually(quiet, 60, "the alarms that watch releases are in OK")

    def present(self) -> set[str]:
        """What exists of this stage, but for the stack of the infrastructure itself."""
        found = {f"{kind}: {name}" for kind, names in existing(self.aws).items() for name in names}
        return {each for each in found if self.stage.full_name in each} - {f"stacks: {self.stage.infrastructure_stack}"}


def _toml(settings: dict[str, Any]) -> str:
    """Tables of plain values and of strings by name."""
    lines = []
    for table, values in settings.items():
        nested = {key: value for key, value in values.items() if isinstance(value, dict)}
        lines += [f"[{table}]", *(f"{key} = {_value(value)}" for key, value in values.items() if key not in nested)]
        for key, inner in nested.items():
            lines += [f"[{table}.{key}]", *(f"{name} = {_value(value)}" for name, value in inner.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
