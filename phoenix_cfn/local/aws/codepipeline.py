"""CodePipeline: runs the pipeline that CloudFormation deployed, from its own definition, with its own role.

Stages and actions, artifacts in the artifact store, namespaces and variables, Fn::GetParam, capabilities and roles are
those of the definition. An execution starts when the pipeline is made, after an update of one that asks for it, and at
every delivery of its webhook; its record is served under /_local/pipelines (MiniStack has no CodePipeline API).
"""

from __future__ import annotations

import io
import json
import re
import secrets
import threading
import time
import traceback
import uuid
import zipfile
from dataclasses import asdict, dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from phoenix_cfn.local.aws import github, iam, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import settings
from phoenix_cfn.local.aws.templates import template_argument

_GUIDE = "https://docs.aws.amazon.com/codepipeline/latest/userguide"
_PRINCIPAL = "codepipeline.amazonaws.com"


class ActionFailed(Exception):
    """An action of a pipeline failed; the message is what CodePipeline shows for it."""


@dataclass
class ActionRun:
    """One action in an execution: `status` InProgress, Succeeded or Failed; times in seconds since 1970."""

    stage: str
    name: str
    status: str = "InProgress"
    summary: str = ""
    started: float = field(default_factory=time.time)
    ended: float = 0.0


@dataclass
class Execution:
    """One run of a pipeline."""

    pipeline: str
    id: str
    trigger: str
    status: str = "InProgress"
    commit: str = ""
    actions: list[ActionRun] = field(default_factory=list)


@dataclass
class Pipeline:
    """The definition as CloudFormation resolved it; `busy` lets executions run one after the other."""

    account: str
    region: str
    definition: dict[str, Any]
    version: int = 1
    executions: list[Execution] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)


PIPELINES: dict[tuple[str, str, str], Pipeline] = {}
_webhooks: dict[str, tuple[tuple[str, str, str], dict[str, Any]]] = {}


@correction(
    "A pipeline is checked, and runs when it is made; after an update where its definition says so",
    f"{_GUIDE}/pipelines-create.html",
)
def pipelines() -> None:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        check(properties)
        name = properties.get("Name") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}"
        key = (ministack.account(), ministack.region(), name)
        PIPELINES[key] = Pipeline(*key[:2], properties)
        start(key, "CreatePipeline")
        return name, {"Version": "1"}

    def update(name: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        check(new)
        pipeline = PIPELINES[ministack.account(), ministack.region(), name]
        pipeline.definition = new
        pipeline.version += 1
        if str(new.get("RestartExecutionOnUpdate", False)).lower() == "true":
            start((pipeline.account, pipeline.region, name), "RestartExecutionOnUpdate")
        return name, {"Version": str(pipeline.version)}

    def delete(name: str, properties: dict[str, Any]) -> None:
        PIPELINES.pop((ministack.account(), ministack.region(), name), None)

    ministack.handlers["AWS::CodePipeline::Pipeline"] = {"create": create, "update": update, "delete": delete}


def check(definition: dict[str, Any]) -> None:
    """ValueError for what CreatePipeline refuses.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
    """
    iam.credentials(definition["RoleArn"], _PRINCIPAL)
    if len(definition["Stages"]) < 2:
        raise ValueError("Pipeline should contain at least two stages")
    known: set[str] = set()
    for index, stage in enumerate(definition["Stages"]):
        for action in stage["Actions"]:
            if (action["ActionTypeId"]["Category"] == "Source") != (index == 0):
                raise ValueError("Source actions belong into the first stage, and only they do")
            for artifact in action.get("InputArtifacts", []):
                if artifact["Name"] not in known:
                    raise ValueError(f"Input Artifact Bundle {artifact['Name']} in action {action['Name']} is unknown")
            for key, value in action.get("Configuration", {}).items():
                if len(str(value)) > 1000:
                    raise ValueError(f"Value at configuration.{key} has more than 1000 characters")
            known |= {artifact["Name"] for artifact in action.get("OutputArtifacts", [])}


def start(key: tuple[str, str, str], trigger: str) -> Execution:
    """Begins an execution; it waits for the one before it."""
    pipeline = PIPELINES[key]
    execution = Execution(key[2], str(uuid.uuid4()), trigger)
    pipeline.executions.append(execution)
    threading.Thread(target=_run, args=(pipeline, execution), daemon=True, name=f"pipeline-{key[2]}").start()
    return execution


def _run(pipeline: Pipeline, execution: Execution) -> None:
    with pipeline.busy, ministack.request_scope(pipeline.account, pipeline.region):
        # What the stack does after the pipeline, such as its webhook, does not depend on us; but its events come first.
        try:
            _Runner(pipeline, execution).run()
            execution.status = "Succeeded"
        except ActionFailed:
            execution.status = "Failed"
        except Exception:
            traceback.print_exc()
            execution.status = "Failed"
        _tell(execution)


def _tell(execution: Execution) -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html"""
    detail = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "state": {"Succeeded": "SUCCEEDED", "Failed": "FAILED"}[execution.status],
    }
    entry = {
        "Source": "aws.codepipeline",
        "DetailType": "CodePipeline Pipeline Execution State Change",
        "Detail": json.dumps(detail),
    }
    ministack.eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


class _Runner:
    """Runs one execution: every action in order, with the pipeline's role."""

    def __init__(self, pipeline: Pipeline, execution: Execution) -> None:
        self.definition, self.execution = pipeline.definition, execution
        self.role = self.definition["RoleArn"]
        self.bucket = self.definition["ArtifactStore"]["Location"]
        self.keys: dict[str, str] = {}
        self.variables: dict[str, str] = {}

    def run(self) -> None:
        for stage in self.definition["Stages"]:
            for action in sorted(stage["Actions"], key=lambda each: int(each.get("RunOrder", 1))):
                self._act(stage["Name"], action)

    def _act(self, stage: str, action: dict[str, Any]) -> None:
        run = ActionRun(stage, action["Name"])
        self.execution.actions.append(run)
        kind = action["ActionTypeId"]
        handlers = {
            ("ThirdParty", "GitHub"): self._source,
            ("AWS", "CodeBuild"): self._build,
            ("AWS", "CloudFormation"): self._deploy,
        }
        try:
            handler = handlers.get((kind["Owner"], kind["Provider"]))
            if handler is None:
                raise ActionFailed(f"the local CodePipeline knows no action {kind['Owner']} {kind['Provider']}")
            outputs = handler(action, run)
            namespace = action.get("Namespace")
            if namespace:
                self.variables |= {f"{namespace}.{key}": value for key, value in outputs.items()}
            run.status = "Succeeded"
        except Exception as error:
            run.status, run.summary = "Failed", str(error)
            print(f"pipeline {self.execution.pipeline}: {stage}/{action['Name']}: {error}", flush=True)
            raise ActionFailed(str(error)) from error
        finally:
            run.ended = time.time()

    def _client(self, service: str) -> Any:
        return iam.client(service, self.role, _PRINCIPAL)

    def _configuration(self, action: dict[str, Any]) -> dict[str, str]:
        """With the variables of earlier actions, #{Namespace.Name}, filled in."""

        def value(match: re.Match[str]) -> str:
            if match[1] not in self.variables:
                raise ActionFailed(f"The variable {match[0]} cannot be resolved")
            return self.variables[match[1]]

        return {key: re.sub(r"#\{([^}]+)\}", value, str(each)) for key, each in action["Configuration"].items()}

    def _output_key(self, action: dict[str, Any]) -> str:
        name = action["OutputArtifacts"][0]["Name"]
        self.keys[name] = f"{self.execution.pipeline[:20]}/{name[:10]}/{secrets.token_urlsafe(5)}"
        return self.keys[name]

    def _read(self, artifact: str, file: str, action: dict[str, Any]) -> bytes:
        """A file of an input artifact of the action."""
        if artifact not in {each["Name"] for each in action.get("InputArtifacts", [])}:
            raise ActionFailed(f"{artifact} is no input artifact of action {action['Name']}")
        body = self._client("s3").get_object(Bucket=self.bucket, Key=self.keys[artifact])["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if file not in archive.namelist():
                raise ActionFailed(f"File [{file}] does not exist in artifact [{artifact}]")
            return archive.read(file)

    def _source(self, action: dict[str, Any], run: ActionRun) -> dict[str, str]:
        configuration = self._configuration(action)
        repository = github.Repository(settings().github, configuration["Owner"], configuration["Repo"])
        repository.check(configuration["OAuthToken"])
        commit = repository.commit(configuration["Branch"])
        self.execution.commit = commit
        self._client("s3").put_object(Bucket=self.bucket, Key=self._output_key(action), Body=repository.archive(commit))
        run.summary = commit
        return {"CommitId": commit, "BranchName": configuration["Branch"], "RepositoryName": configuration["Repo"]}

    def _build(self, action: dict[str, Any], run: ActionRun) -> dict[str, str]:
        project = self._configuration(action)["ProjectName"]
        client = self._client("codebuild")
        source = self.keys[action["InputArtifacts"][0]["Name"]]
        output = self._output_key(action)
        build = client.start_build(
            projectName=project,
            sourceVersion=self.execution.commit,
            sourceTypeOverride="S3",
            sourceLocationOverride=f"{self.bucket}/{source}",
            artifactsOverride={"type": "S3", "location": self.bucket, "name": output},
        )["build"]
        run.summary = build["id"]
        while build["buildStatus"] == "IN_PROGRESS":
            time.sleep(0.2)
            build = client.batch_get_builds(ids=[build["id"]])["builds"][0]
        if build["buildStatus"] != "SUCCEEDED":
            raise ActionFailed(f"Build terminated with state: {build['buildStatus']} ({build['id']})")
        return {}

    def _deploy(self, action: dict[str, Any], run: ActionRun) -> dict[str, str]:
        configuration = self._configuration(action)
        artifact, _, path = configuration["TemplatePath"].partition("::")
        name = configuration["StackName"]
        given = self._template_configuration(action) | json.loads(configuration.get("ParameterOverrides", "{}"))
        request = {
            "StackName": name,
            **template_argument(self._read(artifact, path, action).decode(), self._upload),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": self._parameter(value, action)} for key, value in given.items()
            ],
            "Capabilities": [each for each in configuration.get("Capabilities", "").split(",") if each],
            "RoleARN": configuration["RoleArn"],
        }
        client = self._client("cloudformation")
        return _deploy(client, configuration["ActionMode"], name, request, run)

    def _template_configuration(self, action: dict[str, Any]) -> dict[str, Any]:
        """Its parameters, which ParameterOverrides replace.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
        """
        artifact, _, path = self._configuration(action).get("TemplateConfiguration", "").partition("::")
        if not path:
            return {}
        try:
            found = json.loads(self._read(artifact, path, action))
        except ValueError as error:
            raise ActionFailed(f"The template configuration {path} is no JSON: {error}") from error
        if unknown := found.keys() - {"Parameters"}:
            raise ActionFailed(f"the local CodePipeline does not know {sorted(unknown)} of a template configuration")
        return dict(found["Parameters"])

    def _upload(self, template: bytes) -> str:
        """Into the artifact store. Its URL."""
        key = f"{self.execution.pipeline[:20]}/template/{secrets.token_urlsafe(5)}"
        self._client("s3").put_object(Bucket=self.bucket, Key=key, Body=template)
        return f"{settings().endpoint}/{self.bucket}/{key}"

    def _parameter(self, value: Any, action: dict[str, Any]) -> str:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html"""
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and list(value) == ["Fn::GetParam"]:
            artifact, file, key = value["Fn::GetParam"]
            found = json.loads(self._read(artifact, file, action))
            if key not in found:
                raise ActionFailed(f"Key [{key}] does not exist in file [{file}] of artifact [{artifact}]")
            return str(found[key])
        raise ActionFailed(f"the local CodePipeline does not know the parameter override {value}")


def _deploy(client: Any, mode: str, name: str, request: dict[str, Any], run: ActionRun) -> dict[str, str]:
    """CREATE_UPDATE and REPLACE_ON_FAILURE, as CodePipeline's reference describes them.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    if mode not in ("CREATE_UPDATE", "REPLACE_ON_FAILURE"):
        raise ActionFailed(f"the local CodePipeline does not know the action mode {mode}")
    status = _status(client, name)
    if mode == "REPLACE_ON_FAILURE" and (status.endswith("_FAILED") or status == "ROLLBACK_COMPLETE"):
        client.delete_stack(StackName=name, RoleARN=request["RoleARN"])
        status = _settled(client, name)
    try:
        if status:
            client.update_stack(**request)
        else:
            client.create_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return _outputs(client, name)
        raise ActionFailed(str(error)) from error
    run.summary = name
    status = _settled(client, name)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise ActionFailed(f"The stack {name} is {status}: {_reason(client, name)}")
    return _outputs(client, name)


def _status(client: Any, name: str) -> str:
    """Of a stack; empty where there is none."""
    try:
        return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise ActionFailed(str(error)) from error


def _settled(client: Any, name: str) -> str:
    """The stack's status when nothing goes on any more."""
    while (status := _status(client, name)).endswith("IN_PROGRESS"):
        time.sleep(0.2)
    return status


def _reason(client: Any, name: str) -> str:
    """The first failure of the last operation, from the stack's events."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
    operation = []
    for event in (event for page in pages for event in page["StackEvents"]):
        operation.append(event)
        if event["LogicalResourceId"] == name and event.get("ResourceStatusReason") == "User Initiated":
            break
    failed = [each for each in operation if each["ResourceStatus"].endswith("_FAILED")]
    last = failed[-1] if failed else {}
    return f"{last.get('LogicalResourceId')}: {last.get('ResourceStatusReason')}"


def _outputs(client: Any, name: str) -> dict[str, str]:
    outputs = client.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


@correction(
    "A webhook is registered with GitHub by the token of the source action; deliveries are checked and start a run",
    f"{_GUIDE}/appendix-github-oauth.html",
)
def webhooks() -> None:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        return put(properties.get("Name") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}", properties)

    def update(name: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        return put(name, new)

    def put(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
        key = (ministack.account(), ministack.region(), properties["TargetPipeline"])
        if key not in PIPELINES:
            raise ValueError(f"There is no pipeline {properties['TargetPipeline']}")
        source = _action(PIPELINES[key], properties["TargetAction"])
        if not 1 <= len(properties["AuthenticationConfiguration"].get("SecretToken", "")) <= 100:
            raise ValueError("SecretToken has between 1 and 100 characters")
        url = f"{settings().endpoint}/_local/webhooks/{name}"
        if str(properties.get("RegisterWithThirdParty", False)).lower() == "true":
            configuration = source["Configuration"]
            repository = github.Repository(settings().github, configuration["Owner"], configuration["Repo"])
            try:
                repository.register(
                    url, properties["AuthenticationConfiguration"]["SecretToken"], configuration["OAuthToken"]
                )
            except ValueError as error:
                raise ValueError(f"Could not register the webhook: {error}") from error
        _webhooks[name] = (key, properties)
        return name, {"Url": url}

    def delete(name: str, properties: dict[str, Any]) -> None:
        found = _webhooks.pop(name, None)
        if found and found[0] in PIPELINES:
            configuration = _action(PIPELINES[found[0]], properties["TargetAction"])["Configuration"]
            repository = github.Repository(settings().github, configuration["Owner"], configuration["Repo"])
            repository.unregister(f"{settings().endpoint}/_local/webhooks/{name}")

    ministack.handlers["AWS::CodePipeline::Webhook"] = {"create": create, "update": update, "delete": delete}


def _action(pipeline: Pipeline, name: str) -> dict[str, Any]:
    for stage in pipeline.definition["Stages"]:
        for action in stage["Actions"]:
            if action["Name"] == name:
                return dict(action)
    raise ValueError(f"The pipeline has no action {name}")


def deliver(name: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """A delivery to a webhook: HTTP status and why."""
    if name not in _webhooks:
        return 404, "no such webhook"
    key, properties = _webhooks[name]
    secret = properties["AuthenticationConfiguration"]["SecretToken"]
    if headers.get("x-hub-signature-256") != github.signature(secret, body):
        return 403, "the signature is wrong"
    payload = json.loads(body)
    configuration = _action(PIPELINES[key], properties["TargetAction"])["Configuration"]
    for rule in properties["Filters"]:
        wanted = re.sub(r"\{(\w+)\}", lambda match: configuration[match[1]], rule["MatchEquals"])
        if payload.get(rule["JsonPath"].removeprefix("$.")) != wanted:
            return 200, "filtered"
    return 200, start(key, "Webhook").id


def executions() -> list[dict[str, Any]]:
    """All of them, oldest first, as plain data."""
    found = []
    for (account, region, _), pipeline in list(PIPELINES.items()):
        found += [{"account": account, "region": region, **asdict(each)} for each in pipeline.executions]
    return found
