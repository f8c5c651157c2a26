"""CodePipeline: runs the pipeline that CloudFormation deployed, from its own definition, with its own role.

Stages and actions, artifacts in the artifact store, namespaces and variables, Fn::GetParam, approvals, capabilities and
roles are those of the definition. An execution starts when the pipeline is made, after an update of one that asks for
it, at every push that its source detects, and by StartPipelineExecution. Its whole record is served under
/_local/pipelines.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from phoenix_cfn.local.aws import iam, ministack
from phoenix_cfn.local.aws.api import ApiError, Request, serve
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.pipeline_actions import APPROVALS, PRINCIPAL, VARIABLE, ActionFailed, ActionRun, Run, act
from phoenix_cfn.local.aws.resources import Properties

_GUIDE = "https://docs.aws.amazon.com/codepipeline/latest/userguide"
_API = "https://docs.aws.amazon.com/codepipeline/latest/APIReference"

PIPELINE = "AWS::CodePipeline::Pipeline"

Key = tuple[str, str, str]


@dataclass
class Execution:
    """One run of a pipeline: `status` InProgress, Succeeded, Failed or Superseded."""

    pipeline: str
    id: str
    trigger: str
    status: str = "InProgress"
    commit: str = ""
    actions: list[ActionRun] = field(default_factory=list)


class Gate:
    """The entry of a stage: one execution at a time is in it; of those that wait, the newest goes on.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._busy = False

    def enter(self, number: int) -> bool:
        """Waits until the stage is free. False for an execution that a newer one has superseded meanwhile."""
        with self._changed:
            self._waiting.add(number)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._busy or max(self._waiting) > number)
            self._waiting.discard(number)
            if max(self._waiting, default=number) > number:
                return False
            self._busy = True
            return True

    def leave(self) -> None:
        """Frees the stage."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()


@dataclass
class Pipeline:
    """The definition as CloudFormation resolved it; `gates` by the stages' names."""

    account: str
    region: str
    definition: Properties
    version: int = 1
    executions: list[Execution] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)


PIPELINES: dict[Key, Pipeline] = {}


@correction(
    "A pipeline is checked, and runs when it is made; after an update where its definition says so",
    f"{_GUIDE}/pipelines-create.html",
)
def pipelines() -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        check(properties)
        name = properties.get("Name") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}"
        key = (ministack.account(), ministack.region(), name)
        PIPELINES[key] = Pipeline(*key[:2], properties)
        start(key, "CreatePipeline")
        return name, {"Version": "1"}

    def update(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, dict[str, str]]:
        check(new)
        pipeline = PIPELINES[ministack.account(), ministack.region(), name]
        pipeline.definition = new
        pipeline.version += 1
        if str(new.get("RestartExecutionOnUpdate", False)).lower() == "true":
            start((pipeline.account, pipeline.region, name), "RestartExecutionOnUpdate")
        return name, {"Version": str(pipeline.version)}

    def delete(name: str, properties: Properties) -> None:
        PIPELINES.pop((ministack.account(), ministack.region(), name), None)

    ministack.handlers[PIPELINE] = {"create": create, "update": update, "delete": delete}


def check(definition: Properties) -> None:
    """ValueError for what CreatePipeline refuses.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
    """
    iam.credentials(definition["RoleArn"], PRINCIPAL)
    if definition.get("ExecutionMode", "SUPERSEDED") != "SUPERSEDED":
        raise ValueError(f"the local CodePipeline does not know the execution mode {definition['ExecutionMode']}")
    if len(definition["Stages"]) < 2:
        raise ValueError("Pipeline should contain at least two stages")
    artifacts: set[str] = set()
    namespaces = {"codepipeline"}
    for index, stage in enumerate(definition["Stages"]):
        for action in _in_order(stage):
            if (action["ActionTypeId"]["Category"] == "Source") != (index == 0):
                raise ValueError("Source actions belong into the first stage, and only they do")
            for artifact in action.get("InputArtifacts", []):
                if artifact["Name"] not in artifacts:
                    raise ValueError(f"Input Artifact Bundle {artifact['Name']} in action {action['Name']} is unknown")
            for key, value in action.get("Configuration", {}).items():
                if len(str(value)) > 1000:
                    raise ValueError(f"Value at configuration.{key} has more than 1000 characters")
                for name in re.findall(VARIABLE, str(value)):
                    if name.partition(".")[0] not in namespaces:
                        raise ValueError(
                            f"Action {action['Name']} uses the variable {name}, whose namespace no earlier action has"
                        )
            artifacts |= {artifact["Name"] for artifact in action.get("OutputArtifacts", [])}
            namespaces.add(action.get("Namespace", "codepipeline"))


def _in_order(stage: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(stage["Actions"], key=lambda each: int(each.get("RunOrder", 1)))


def actions(key: Key) -> Iterator[dict[str, Any]]:
    """All actions of a pipeline."""
    for stage in PIPELINES[key].definition["Stages"]:
        yield from stage["Actions"]


def start(key: Key, trigger: str) -> Execution:
    """Begins an execution."""
    pipeline = PIPELINES[key]
    execution = Execution(key[2], str(uuid.uuid4()), trigger)
    pipeline.executions.append(execution)
    arguments = (pipeline, execution, len(pipeline.executions))
    threading.Thread(target=_run, args=arguments, daemon=True, name=f"pipeline-{key[2]}").start()
    return execution


def _run(pipeline: Pipeline, execution: Execution, number: int) -> None:
    with ministack.request_scope(pipeline.account, pipeline.region):
        # What the stack does after the pipeline, such as its webhook, does not depend on us; but its events come first.
        try:
            execution.status = _stages(pipeline, execution, number)
        except ActionFailed:
            execution.status = "Failed"
        except Exception:
            traceback.print_exc()
            execution.status = "Failed"
        _tell(execution)


def _stages(pipeline: Pipeline, execution: Execution, number: int) -> str:
    """Runs one stage after the other; the status in the end."""
    definition = pipeline.definition
    run = Run(execution.pipeline, execution.id, definition["RoleArn"], definition["ArtifactStore"]["Location"])
    for stage in definition["Stages"]:
        gate = pipeline.gates.setdefault(stage["Name"], Gate())
        if not gate.enter(number):
            return "Superseded"
        try:
            for action in _in_order(stage):
                record = ActionRun(stage["Name"], action["Name"])
                execution.actions.append(record)
                act(run, action, record)
                execution.commit = run.commit
        finally:
            gate.leave()
    return "Succeeded"


def _tell(execution: Execution) -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html"""
    detail = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "state": execution.status.upper(),
    }
    entry = {
        "Source": "aws.codepipeline",
        "DetailType": "CodePipeline Pipeline Execution State Change",
        "Detail": json.dumps(detail),
    }
    ministack.eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


@correction(
    "Pipelines have an API: their state, their executions, and the answer to an approval", f"{_API}/Welcome.html"
)
def pipelines_have_an_api() -> None:
    serve(
        "codepipeline",
        {
            "GetPipelineState": _state,
            "GetPipelineExecution": _execution,
            "ListPipelineExecutions": _list_executions,
            "PutApprovalResult": _answer,
            "StartPipelineExecution": lambda request: {
                "pipelineExecutionId": start(_known(request["name"]), "StartPipelineExecution").id
            },
        },
        _resource,
    )


def _resource(operation: str, request: Request) -> str:
    if operation == "PutApprovalResult":
        return f"{request['pipelineName']}/{request['stageName']}/{request['actionName']}"
    return str(request.get("name") or request.get("pipelineName") or "*")


def _known(name: str) -> Key:
    key = (ministack.account(), ministack.region(), name)
    if key not in PIPELINES:
        raise ApiError("PipelineNotFoundException", f"Account '{key[0]}' does not have a pipeline with name '{name}'")
    return key


def _state(request: Request) -> dict[str, Any]:
    pipeline = PIPELINES[_known(request["name"])]
    stages = []
    for stage in pipeline.definition["Stages"]:
        states = []
        for action in stage["Actions"]:
            last = _last(pipeline, stage["Name"], action["Name"])
            states.append({"actionName": action["Name"], **({"latestExecution": _action_state(last)} if last else {})})
        stages.append({"stageName": stage["Name"], "actionStates": states})
    return {"pipelineName": request["name"], "pipelineVersion": pipeline.version, "stageStates": stages}


def _last(pipeline: Pipeline, stage: str, action: str) -> ActionRun | None:
    """The last run of an action, in whatever execution."""
    runs = [each for execution in pipeline.executions for each in execution.actions]
    return next((each for each in reversed(runs) if (each.stage, each.name) == (stage, action)), None)


def _action_state(run: ActionRun) -> dict[str, Any]:
    waits = {"token": run.token} if run.token in APPROVALS else {}
    return {"status": run.status, "summary": run.summary, "lastStatusChange": run.ended or run.started, **waits}


def _execution(request: Request) -> dict[str, Any]:
    pipeline = PIPELINES[_known(request["pipelineName"])]
    for each in pipeline.executions:
        if each.id == request["pipelineExecutionId"]:
            return {"pipelineExecution": {"pipelineName": each.pipeline, **_summary(each)}}
    raise ApiError("PipelineExecutionNotFoundException", f"Execution {request['pipelineExecutionId']} not found")


def _list_executions(request: Request) -> dict[str, Any]:
    executions = PIPELINES[_known(request["pipelineName"])].executions
    return {"pipelineExecutionSummaries": [_summary(each) for each in reversed(executions)]}


def _summary(execution: Execution) -> dict[str, Any]:
    return {"pipelineExecutionId": execution.id, "status": execution.status}


def _answer(request: Request) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutApprovalResult.html"""
    pipeline = PIPELINES[_known(request["pipelineName"])]
    last = _last(pipeline, request["stageName"], request["actionName"])
    if last is None:
        raise ApiError("ActionNotFoundException", f"Action {request['actionName']} not found")
    if request["token"] != last.token:
        raise ApiError("InvalidApprovalTokenException", "The approval token is invalid.")
    approval = APPROVALS.pop(last.token, None)
    if approval is None:
        raise ApiError("ApprovalAlreadyCompletedException", "The approval request already received a response.")
    approval.answer(request["result"]["status"], request["result"]["summary"])
    return {"approvedAt": time.time()}


def executions() -> list[dict[str, Any]]:
    """All of them, oldest first, as plain data."""
    found = []
    for (account, region, _), pipeline in list(PIPELINES.items()):
        for each in pipeline.executions:
            actions = [dict(vars(action)) for action in each.actions]
            found.append({"account": account, "region": region, **vars(each), "actions": actions})
    return found
