"""One release to a running stage while requests come: its user updates the pipeline stack, then pushes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from phoenix_cfn.changes.sides import Side
from phoenix_cfn.cloudformation.documents import template_in
from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.rehearsal import data
from phoenix_cfn.local.rehearsal.seen import Event, Seen, seen
from phoenix_cfn.local.stage import Stage
from phoenix_cfn.local.visitors import Visitors
from phoenix_cfn.project import TEMPLATES

# Seconds for which requests come before the release begins and after it has ended.
_AROUND = 1.0
# Seconds after which a request has failed: the idle timeout of a load balancer.
_TIMEOUT = 60


@dataclass(frozen=True)
class StackUpdate:
    """What became of one stack: `before` and `after` are its templates with the values that were passed."""

    template: str
    before: Side
    after: Side
    seen: Mapping[str, Seen]
    rolled_back: bool


@dataclass(frozen=True)
class Release:
    """`failures` say why it failed, and are empty where it did not; `unanswered` are failed requests by their status.

    `data`: whether what was in the database is still there; None where there is none, or it could not be read.
    """

    updates: tuple[StackUpdate, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    requests: int
    unanswered: Mapping[int, int]
    disturbed: float
    data: bool | None

    @property
    def failed_requests(self) -> int:
        """Of any status."""
        return sum(self.unanswered.values())

    @property
    def rolled_back(self) -> list[str]:
        """The templates whose stacks rolled back."""
        return [each.template for each in self.updates if each.rolled_back]


def release(stage: Stage, given: Mapping[str, str], progress: Progress) -> Release:
    """Releases the files of the stage's clone, which are not pushed yet. `given`: parameters of the pipeline stack.

    `stage` is as it runs, with the settings of the earlier version.
    """
    after = type(stage)(stage.aws, stage.fork, stage.prefix, stage.report)
    watched = [_Watched(stage, stack) for stack in (stage.pipeline_stack, stage.infrastructure_stack)]
    word = data.put(stage)
    failures: list[str] = []
    notes: list[str] = []
    with Visitors(stage, timeout=_TIMEOUT) as visitors:
        time.sleep(_AROUND)
        try:
            _update_pipeline(after, given, progress, notes, watched)
            _push(after, progress, watched)
        except (DeploymentFailed, ClientError) as error:
            failures.append(str(error).strip())
        with suppress(DeploymentFailed):
            # Also after a failure, whose reason is known already, the rollback goes on.
            after.settled(after.infrastructure_stack, ())
        time.sleep(_AROUND)
    # The tasks of a release that failed are those of before.
    kept = data.still_there(stage if failures else after, word)
    return Release(
        updates=tuple(each.update(after, bool(failures), watched[0].parameters()) for each in watched),
        failures=tuple(failures),
        notes=tuple(notes),
        requests=visitors.sent,
        unanswered=Counter(each.status for each in visitors.failed),
        disturbed=visitors.disturbed(),
        data=kept,
    )


class _Watched:
    """A stack from before the update to its end."""

    def __init__(self, stage: Stage, stack: str) -> None:
        self.stack = stack
        self.name = "Pipeline.yml" if stack == stage.pipeline_stack else "Infrastructure.yml"
        self._stage = stage
        self._ids = stage.resources(stack)
        self._events = len(stage.events(stack))
        self._template = str(stage.cloudformation.get_template(StackName=stack)["TemplateBody"])
        self.values = self.parameters()
        # The parameters of the update, once it is under way.
        self.passed: dict[str, str] = {}

    def look(self) -> None:
        """Notes the parameters of an update under way: one that rolls back has the earlier ones again."""
        found = self._described()
        if found["StackStatus"] == "UPDATE_IN_PROGRESS":
            self.passed = _shown(found)

    def update(self, stage: Stage, failed: bool, pipeline: Mapping[str, str]) -> StackUpdate:
        """What has become of it; `failed` says that the release did.

        `pipeline`: parameters of the pipeline stack, which passes them under the same names. An update that fails at
        once shows its own no more.
        """
        events: list[Event] = list(stage.events(self.stack)[self._events :])
        rolled_back = any(
            each["LogicalResourceId"] == self.stack and "ROLLBACK" in each["ResourceStatus"] for each in events
        )
        if rolled_back:
            passed = self.passed or {name: pipeline.get(name, value) for name, value in self.values.items()}
        else:
            passed = self.parameters()
        found = seen(self.stack, self._ids, stage.resources(self.stack), events)
        if failed and not events:
            found = {name: Seen(None) for name in self._ids}
        text = (stage.fork.clone / TEMPLATES / self.name).read_text(encoding="utf-8")
        return StackUpdate(
            self.name, self._side(self._template, self.values), self._side(text, passed), found, rolled_back
        )

    def _side(self, text: str, values: Mapping[str, str]) -> Side:
        template = template_in(text, self.name)
        own = {name: value for name, value in values.items() if name in template.get("Parameters", {})}
        return Side.of(template, self.name, own, text=text)

    def parameters(self) -> dict[str, str]:
        """Those whose values CloudFormation shows."""
        return _shown(self._described())

    def _described(self) -> dict[str, Any]:
        [found] = self._stage.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        return dict(found)


def _shown(stack: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a stack whose values CloudFormation shows."""
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    return {name: value for name, value in values.items() if set(value) != {"*"}}


def _update_pipeline(
    stage: Stage, given: Mapping[str, str], progress: Progress, notes: list[str], watched: list[_Watched]
) -> None:
    """Before the push, since the role that deploys belongs to it. An update of the pipeline starts a run."""
    runs = len(stage.executions())
    with progress.part("Update of the pipeline stack"):
        stage.update_pipeline(**given)
    for number in range(runs + 1, len(stage.executions()) + 1):
        with progress.part("Run of the earlier commit, which the update starts"):
            run = stage.ended(number, meanwhile=lambda: _meanwhile(stage, watched))
        if run["status"] == "Failed":
            notes.append(f"the run of the earlier commit, which the update starts, fails: {'; '.join(_reasons(run))}")


def _push(stage: Stage, progress: Progress, watched: list[_Watched]) -> None:
    number = len(stage.executions()) + 1
    with progress.part("Release"):
        stage.fork.push("The release that is rehearsed")
        try:
            stage.finished(number, meanwhile=lambda: _meanwhile(stage, watched))
        finally:
            for action in (action for run in stage.executions()[number - 1 : number] for action in run["actions"]):
                progress.measured(f"Release, {action['name']}", max(0.0, action["ended"] - action["started"]))


def _meanwhile(stage: Stage, watched: list[_Watched]) -> None:
    stage.approve()
    for each in watched:
        each.look()


def _reasons(run: dict[str, Any]) -> Iterator[str]:
    return (f"{each['name']}: {each['summary']}" for each in run["actions"] if each["status"] == "Failed")
