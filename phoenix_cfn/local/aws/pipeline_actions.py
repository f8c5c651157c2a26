"""The actions of CodePipeline: each does with the pipeline's role what the action of this owner and provider does."""

from __future__ import annotations

import io
import json
import re
import secrets
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from botocore.exceptions import ClientError

from phoenix_cfn.local.aws import git_hosts, iam, ministack, permissions
from phoenix_cfn.local.aws.settings import scaled, settings
from phoenix_cfn.local.aws.templates import template_argument

PRINCIPAL = "codepipeline.amazonaws.com"
# A variable in an action's configuration: its namespace and name.
VARIABLE = r"#\{([^}]+)\}"
# Of CodeDeployToECS: the largest input artifact. https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
_LARGEST_REVISION = 3 * 2**20

Action = dict[str, Any]


class ActionFailed(Exception):
    """An action of a pipeline failed; the message is what CodePipeline shows for it."""


@dataclass
class ActionRun:
    """One action in an execution: `status` InProgress, Succeeded or Failed; times in seconds since 1970.

    `token`: of a manual approval, for the answer.
    """

    stage: str
    name: str
    status: str = "InProgress"
    summary: str = ""
    started: float = field(default_factory=time.time)
    ended: float = 0.0
    token: str = ""


@dataclass
class Run:
    """What the actions of one execution share: `keys` of the artifacts in the bucket, `variables` with namespaces."""

    pipeline: str
    id: str
    role: str
    bucket: str
    commit: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables["codepipeline.PipelineExecutionId"] = self.id

    def client(self, service: str) -> Any:
        """Acts with the pipeline's role."""
        return iam.client(service, self.role, PRINCIPAL)

    def configuration(self, action: Action) -> dict[str, str]:
        """With the variables of earlier actions, #{Namespace.Name}, filled in."""

        def value(match: re.Match[str]) -> str:
            if match[1] not in self.variables:
                raise ActionFailed(f"The variable {match[0]} cannot be resolved")
            return self.variables[match[1]]

        return {key: re.sub(VARIABLE, value, str(each)) for key, each in action.get("Configuration", {}).items()}

    def output_key(self, action: Action) -> str:
        """Where the action's output artifact goes; it is known from now on."""
        name = action["OutputArtifacts"][0]["Name"]
        self.keys[name] = f"{self.pipeline[:20]}/{name[:10]}/{secrets.token_urlsafe(5)}"
        return self.keys[name]

    def read(self, artifact: str, file: str, action: Action) -> bytes:
        """A file of an input artifact of the action."""
        with zipfile.ZipFile(io.BytesIO(self.artifact(artifact, action))) as archive:
            if file not in archive.namelist():
                raise ActionFailed(f"File [{file}] does not exist in artifact [{artifact}]")
            return archive.read(file)

    def artifact(self, artifact: str, action: Action) -> bytes:
        """An input artifact of the action."""
        if artifact not in {each["Name"] for each in action.get("InputArtifacts", [])}:
            raise ActionFailed(f"{artifact} is no input artifact of action {action['Name']}")
        return bytes(self.client("s3").get_object(Bucket=self.bucket, Key=self.keys[artifact])["Body"].read())


def act(run: Run, action: Action, record: ActionRun) -> None:
    """Runs an action; what it gives to its namespace are variables of the later ones. Raises ActionFailed."""
    kind = action["ActionTypeId"]
    try:
        do = _ACTIONS.get((kind["Owner"], kind["Provider"]))
        if do is None:
            raise ActionFailed(f"the local CodePipeline knows no action {kind['Owner']} {kind['Provider']}")
        outputs = do(run, action, record)
        if namespace := action.get("Namespace"):
            run.variables |= {f"{namespace}.{key}": value for key, value in outputs.items()}
        record.status = "Succeeded"
    except Exception as error:
        record.status, record.summary = "Failed", str(error)
        print(f"pipeline {run.pipeline}: {record.stage}/{record.name}: {error}", flush=True)
        raise ActionFailed(str(error)) from error
    finally:
        record.ended = time.time()


def _github(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    configuration = run.configuration(action)
    repository = git_hosts.github(configuration["Owner"], configuration["Repo"])
    repository.check(configuration["OAuthToken"])
    return _source(run, action, record, repository, configuration["Branch"])


def _connection(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html"""
    configuration = run.configuration(action)
    arn = configuration["ConnectionArn"]
    iam.require(run.role, [f"{arn.split(':')[2]}:UseConnection"], arn)
    repository = git_hosts.github(*configuration["FullRepositoryId"].split("/", 1))
    repository.check_connection(arn)
    return _source(run, action, record, repository, configuration["BranchName"])


def _codecommit(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html"""
    configuration = run.configuration(action)
    name = configuration["RepositoryName"]
    needed = ("GetBranch", "GetCommit", "UploadArchive", "GetUploadArchiveStatus")
    arn = f"arn:aws:codecommit:{ministack.region()}:{ministack.account()}:{name}"
    iam.require(run.role, [f"codecommit:{each}" for each in needed], arn)
    repository = git_hosts.codecommit(ministack.account(), name)
    return _source(run, action, record, repository, configuration["BranchName"])


def _source(
    run: Run, action: Action, record: ActionRun, repository: git_hosts.Repository, branch: str
) -> dict[str, str]:
    run.commit = record.summary = repository.commit(branch)
    body = repository.archive(run.commit)
    run.client("s3").put_object(Bucket=run.bucket, Key=run.output_key(action), Body=body)
    return {"CommitId": run.commit, "BranchName": branch, "RepositoryName": repository.name}


def _build(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html"""
    configuration = run.configuration(action)
    client = run.client("codebuild")
    source = run.keys[action["InputArtifacts"][0]["Name"]]
    output = run.output_key(action)
    build = client.start_build(
        projectName=configuration["ProjectName"],
        sourceVersion=run.commit,
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{run.bucket}/{source}",
        artifactsOverride={"type": "S3", "location": run.bucket, "name": output},
        environmentVariablesOverride=json.loads(configuration.get("EnvironmentVariables", "[]")),
    )["build"]
    record.summary = build["id"]
    while build["buildStatus"] == "IN_PROGRESS":
        time.sleep(0.5)
        build = client.batch_get_builds(ids=[build["id"]])["builds"][0]
    if build["buildStatus"] != "SUCCEEDED":
        raise ActionFailed(f"Build terminated with state: {build['buildStatus']} ({build['id']})")
    return {each["name"]: each["value"] for each in build.get("exportedEnvironmentVariables", [])}


@dataclass
class Approval:
    """A question to a person: `status` is Approved or Rejected once there is an answer, `summary` its words."""

    status: str = ""
    summary: str = ""
    answered: threading.Event = field(default_factory=threading.Event)

    def answer(self, status: str, summary: str) -> None:
        """What waits for the answer goes on."""
        self.status, self.summary = status, summary
        self.answered.set()


# Those without an answer, by their tokens.
APPROVALS: dict[str, Approval] = {}


def _approval(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html"""
    configuration = run.configuration(action)
    minutes = float(action.get("TimeoutInMinutes", 7 * 24 * 60))
    token, approval = str(uuid.uuid4()), Approval()
    APPROVALS[token] = approval
    try:
        if topic := configuration.get("NotificationArn"):
            _ask(run, action, record, topic, _question(run, record, token, configuration, minutes))
        record.token = token
        if not approval.answered.wait(scaled(60 * minutes)):
            raise ActionFailed("The approval has timed out.")
    finally:
        APPROVALS.pop(token, None)
    record.summary = approval.summary
    if approval.status != "Approved":
        raise ActionFailed(f"Rejected: {approval.summary}")
    return {}


def _question(run: Run, record: ActionRun, token: str, configuration: dict[str, str], minutes: float) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html"""
    region = ministack.region()
    console = f"https://console.aws.amazon.com/codepipeline/home?region={region}#/view/{run.pipeline}"
    return {
        "region": region,
        "consoleLink": console,
        "approval": {
            "pipelineName": run.pipeline,
            "stageName": record.stage,
            "actionName": record.name,
            "token": token,
            "expires": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(time.time() + 60 * minutes)),
            "externalEntityLink": configuration.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}/{record.stage}/{record.name}/approve/{token}",
            "customData": configuration.get("CustomData"),
        },
    }


def _ask(run: Run, action: Action, record: ActionRun, topic: str, question: dict[str, Any]) -> None:
    """Publishes with the pipeline's role; a topic that is encrypted needs the role to use its key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if key := ((ministack.sns._topics.get(topic) or {}).get("attributes") or {}).get("KmsMasterKeyId"):
        arn = permissions.arn_of("AWS::KMS::Key", key.rsplit("/", 1)[-1])
        via = {"kms:ViaService": f"sns.{ministack.region()}.amazonaws.com"}
        iam.require(run.role, ["kms:GenerateDataKey", "kms:Decrypt"], arn, {**via, **permissions.tags_of(arn)})
    subject = f"APPROVAL NEEDED: AWS CodePipeline {run.pipeline} for action {record.name}"
    run.client("sns").publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(question))


def _cloudformation(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    configuration = run.configuration(action)
    artifact, _, path = configuration["TemplatePath"].partition("::")
    name = configuration["StackName"]

    def upload(template: bytes) -> str:
        """Into the artifact store. Its URL."""
        key = f"{run.pipeline[:20]}/template/{secrets.token_urlsafe(5)}"
        run.client("s3").put_object(Bucket=run.bucket, Key=key, Body=template)
        return f"{settings().endpoint}/{run.bucket}/{key}"

    given = _template_configuration(run, action) | json.loads(configuration.get("ParameterOverrides", "{}"))
    request = {
        "StackName": name,
        **template_argument(run.read(artifact, path, action).decode(), upload),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _parameter(run, value, action)} for key, value in given.items()
        ],
        "Capabilities": [each for each in configuration.get("Capabilities", "").split(",") if each],
        "RoleARN": configuration["RoleArn"],
    }
    return _deploy(run.client("cloudformation"), configuration["ActionMode"], name, request, record)


def _template_configuration(run: Run, action: Action) -> dict[str, Any]:
    """Its parameters, which ParameterOverrides replace.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
    """
    artifact, _, path = run.configuration(action).get("TemplateConfiguration", "").partition("::")
    if not path:
        return {}
    try:
        found = json.loads(run.read(artifact, path, action))
    except ValueError as error:
        raise ActionFailed(f"The template configuration {path} is no JSON: {error}") from error
    if unknown := found.keys() - {"Parameters"}:
        raise ActionFailed(f"the local CodePipeline does not know {sorted(unknown)} of a template configuration")
    return dict(found["Parameters"])


def _parameter(run: Run, value: Any, action: Action) -> str:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html"""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and list(value) == ["Fn::GetParam"]:
        artifact, file, key = value["Fn::GetParam"]
        found = json.loads(run.read(artifact, file, action))
        if key not in found:
            raise ActionFailed(f"Key [{key}] does not exist in file [{file}] of artifact [{artifact}]")
        return str(found[key])
    raise ActionFailed(f"the local CodePipeline does not know the parameter override {value}")


def _deploy(client: Any, mode: str, name: str, request: dict[str, Any], record: ActionRun) -> dict[str, str]:
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
    record.summary = name
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
        time.sleep(0.5)
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


def _codedeploy(run: Run, action: Action, record: ActionRun) -> dict[str, str]:
    """Registers the revision, and has CodeDeploy deploy it.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
    """
    configuration = run.configuration(action)
    for artifact in action.get("InputArtifacts", []):
        if len(run.artifact(artifact["Name"], action)) > _LARGEST_REVISION:
            raise ActionFailed(f"The artifact {artifact['Name']} is larger than 3 MB")
    definition = _register(run, action, configuration)
    file = configuration.get("AppSpecTemplatePath", "appspec.yaml")
    spec = run.read(configuration["AppSpecTemplateArtifact"], file, action).decode()
    content = json.dumps(yaml.safe_load(spec.replace("<TASK_DEFINITION>", json.dumps(definition))))
    application, group = configuration["ApplicationName"], configuration["DeploymentGroupName"]
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    client = run.client("codedeploy")
    client.get_application(applicationName=application)
    client.register_application_revision(applicationName=application, revision=revision)
    client.get_application_revision(applicationName=application, revision=revision)
    deployment = client.create_deployment(applicationName=application, deploymentGroupName=group, revision=revision)[
        "deploymentId"
    ]
    record.summary = deployment
    while (found := client.get_deployment(deploymentId=deployment)["deploymentInfo"])["status"] not in _ENDED:
        time.sleep(0.5)
    client.get_deployment_config(deploymentConfigName=found["deploymentConfigName"])
    if found["status"] != "Succeeded":
        reason = (found.get("errorInformation") or {}).get("message", "")
        raise ActionFailed(f"Deployment {deployment} is {found['status']}: {reason}")
    return {"DeploymentId": deployment}


_ENDED = ("Succeeded", "Failed", "Stopped")


def _register(run: Run, action: Action, configuration: dict[str, str]) -> str:
    """The ARN of the revision that the template of the task definition makes."""
    file = configuration.get("TaskDefinitionTemplatePath", "taskdef.json")
    text = run.read(configuration["TaskDefinitionTemplateArtifact"], file, action).decode()
    for number in range(1, 5):
        if artifact := configuration.get(f"Image{number}ArtifactName"):
            image = json.loads(run.read(artifact, "imageDetail.json", action))["ImageURI"]
            text = text.replace(f"<{configuration[f'Image{number}ContainerName']}>", image)
    definition = json.loads(text)
    for role in (definition.get("executionRoleArn"), definition.get("taskRoleArn")):
        if role:
            iam.require(run.role, ["iam:PassRole"], role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    registered = run.client("ecs").register_task_definition(**definition)["taskDefinition"]
    return str(registered["taskDefinitionArn"])


_ACTIONS: dict[tuple[str, str], Callable[[Run, Action, ActionRun], dict[str, str]]] = {
    ("ThirdParty", "GitHub"): _github,
    ("AWS", "CodeStarSourceConnection"): _connection,
    ("AWS", "CodeCommit"): _codecommit,
    ("AWS", "CodeBuild"): _build,
    ("AWS", "Manual"): _approval,
    ("AWS", "CloudFormation"): _cloudformation,
    ("AWS", "CodeDeployToECS"): _codedeploy,
}
