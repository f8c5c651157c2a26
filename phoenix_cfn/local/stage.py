"""One stage of a project on the local AWS: its two stacks, its pipeline, its URL, its log."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from phoenix_cfn.cloudformation.documents import read_template
from phoenix_cfn.local.aws.templates import template_argument
from phoenix_cfn.local.docker_engine import did_not_answer
from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.fork import BRANCH, CONNECTION, TOKEN, Fork
from phoenix_cfn.local.server import REGION, LocalAws
from phoenix_cfn.local.surroundings import DOMAIN, surroundings
from phoenix_cfn.project import SETTINGS_FILE, TEMPLATES
from phoenix_cfn.settings import Settings

# Takes what makes a line about what goes on: to find it out takes requests, and only few are shown.
Report = Callable[[Callable[[], str]], None]
Meanwhile = Callable[[], None]
# Every bound below is what a quiet machine keeps easily. A busy one gets so many times as long before it fails.
PATIENCE = 4


class Line(NamedTuple):
    """Of the application's log: seconds since 1970, the task's id, the text."""

    time: float
    task: str
    text: str


class Stage:
    """`prefix` is StagePrefix; `fork` is the repository that its pipeline builds."""

    def __init__(self, aws: LocalAws, fork: Fork, prefix: str = "dev", report: Report = lambda line: None) -> None:
        self.aws, self.fork, self.prefix, self.report = aws, fork, prefix, report
        self.cloudformation = aws.client("cloudformation")
        self.settings = settings = Settings.load(fork.clone / SETTINGS_FILE)
        self._template = fork.clone / TEMPLATES / "Pipeline.yml"
        self.port = settings.service.container_port
        self.full_name = f"{prefix}-{settings.name}"
        self.pipeline_stack = f"{self.full_name}-pipeline"
        self.infrastructure_stack = f"{self.full_name}-infrastructure"
        self.surroundings_stack = f"{self.full_name}-surroundings"

    def parameters(self, **changes: str) -> list[dict[str, str]]:
        """Those that say where the code is, the original's others that the template has, those of what surrounds the
        stage, and what the caller changes or adds.
        """
        values = {
            "StagePrefix": self.prefix,
            "GithubUsername": self.fork.owner,
            "GithubRepository": self.fork.name,
            "GithubBranch": BRANCH,
            "GithubOAuthToken": TOKEN,
            "ConnectionArn": CONNECTION,
            "CodeCommitRepository": self.fork.name,
            "CodeCommitBranch": BRANCH,
            "MongoDBMasterUsername": "documentdb",
            "MongoDBMasterPassword": "Kata2026-password",
            "MongoDBPort": "27017",
            "ContainerPort": str(self.port),
        }
        known = read_template(self._template).get("Parameters", {})
        surroundings = self.outputs(self.surroundings_stack) if self.status(self.surroundings_stack) else {}
        values = {key: value for key, value in values.items() if key in known} | surroundings | changes
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]

    def create_pipeline(self, **changes: str) -> None:
        """Creates the pipeline stack from the fork's Pipeline.yml, as its user would; returns when it is complete.

        Before it, the stack of what exists on AWS already.
        """
        self._surround(changes)
        self.cloudformation.create_stack(
            StackName=self.pipeline_stack,
            **template_argument(self._template.read_text(encoding="utf-8"), self._upload),
            Parameters=self.parameters(**changes),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.settled(self.pipeline_stack, ["CREATE_COMPLETE"])

    def update_pipeline(self, **changes: str) -> bool:
        """Updates the pipeline stack to the fork's Pipeline.yml, as its user would. Whether there was a difference."""
        self._surround(changes)
        changed = self._updated(
            StackName=self.pipeline_stack,
            **template_argument(self._template.read_text(encoding="utf-8"), self._upload),
            Parameters=self.parameters(**changes),
            Capabilities=["CAPABILITY_IAM"],
        )
        if changed:
            self.settled(self.pipeline_stack, ["UPDATE_COMPLETE"])
        return changed

    def _updated(self, **request: Any) -> bool:
        """Whether an update has begun; there is none where nothing differs."""
        try:
            self.cloudformation.update_stack(**request)
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def _surround(self, given: Mapping[str, str]) -> None:
        template = surroundings(self.settings, self.prefix, given, os.environ)
        if not template["Resources"]:
            return
        request = {"StackName": self.surroundings_stack, "TemplateBody": json.dumps(template)}
        if self.status(self.surroundings_stack):
            if self._updated(**request):
                self.settled(self.surroundings_stack, ["UPDATE_COMPLETE"])
        else:
            self.cloudformation.create_stack(**request)
            self.settled(self.surroundings_stack, ["CREATE_COMPLETE"])

    def _upload(self, template: bytes) -> str:
        """To a bucket, as the console does with every template. Its URL."""
        s3, bucket = self.aws.client("s3"), f"cf-templates-{self.prefix}"
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key="Pipeline.yml", Body=template)
        return f"{self.aws.settings.endpoint}/{bucket}/Pipeline.yml"

    def up(self, **changes: str) -> None:
        """From nothing to a deployed application."""
        self.create_pipeline(**changes)
        self.finished(1)

    def approve(self) -> None:
        """Approves what the pipeline waits for, if it does."""
        if question := self.approval():
            result = {"status": "Approved", "summary": "ok"}
            self.aws.client("codepipeline").put_approval_result(**question, result=result)

    def status(self, stack: str) -> str:
        """Of a stack; empty where there is none."""
        try:
            return str(self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise

    def settled(self, stack: str, wanted: Iterable[str], seconds: float = 300) -> None:
        """Waits until nothing goes on in the stack. Raises DeploymentFailed unless its status is a wanted one."""
        end = time.time() + PATIENCE * seconds
        while (status := self.status(stack)).endswith("IN_PROGRESS") and time.time() < end:
            self.report(partial(self._progress, stack))
            time.sleep(0.25)
        if status not in wanted:
            raise DeploymentFailed(f"{stack} is {status or 'gone'}: {'; '.join(self.failures(stack)) or 'no failure'}")

    def _progress(self, stack: str) -> str:
        """How many resources of the stack are ready, and which are not yet."""
        last = {each["LogicalResourceId"]: each["ResourceStatus"] for each in self.events(stack)}
        last.pop(stack, None)
        under_way = [name for name, status in last.items() if status.endswith("IN_PROGRESS")]
        ready = f"{len(last) - len(under_way)} resources done"
        return f"{stack}: {ready}, now {', '.join(under_way)}" if under_way else f"{stack}: {ready}"

    def events(self, stack: str) -> list[dict[str, Any]]:
        """Of a stack, oldest first."""
        try:
            pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
            return [event for page in pages for event in page["StackEvents"]][::-1]
        except ClientError:
            return []

    def failures(self, stack: str) -> list[str]:
        """The failures in the stack's events, oldest first."""
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in self.events(stack)
            if event["ResourceStatus"].endswith("FAILED")
        ]

    def executions(self) -> list[dict[str, Any]]:
        """Of this stage's pipeline, oldest first."""
        return [each for each in self.aws.pipelines() if each["pipeline"] == self.full_name]

    def finished(self, count: int, seconds: float = 420, meanwhile: Meanwhile = lambda: None) -> dict[str, Any]:
        """Waits for the pipeline's execution number `count`; DeploymentFailed unless it succeeded."""
        execution = self.ended(count, seconds, meanwhile)
        if execution["status"] != "Succeeded":
            failed = [each for each in execution["actions"] if each["status"] == "Failed"]
            summary = "; ".join(f"{each['name']}: {each['summary']}" for each in failed)
            log = self.build_log() if any(each["name"] == "Build" for each in failed) else ""
            raise DeploymentFailed(f"pipeline run {count} of {self.prefix}: {execution['status']}: {summary}\n{log}")
        return execution

    def build_log(self, lines: int = 40) -> str:
        """The end of the last build's log."""
        logs = self.aws.client("logs")
        group = f"/aws/codebuild/{self.full_name}"
        try:
            streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        except ClientError:
            streams = []
        if not streams:
            return ""
        last = max(streams, key=lambda each: each["creationTime"])["logStreamName"]
        events = logs.get_log_events(logGroupName=group, logStreamName=last, limit=10_000)["events"]
        return "\n".join(each["message"] for each in events[-lines:])

    def ended(self, count: int, seconds: float = 420, meanwhile: Meanwhile = lambda: None) -> dict[str, Any]:
        """Waits for the pipeline's execution number `count`, however it ends."""
        end = time.time() + PATIENCE * seconds
        while time.time() < end:
            runs = self.executions()
            if len(runs) >= count:
                run: dict[str, Any] = runs[count - 1]
                if run["status"] != "InProgress":
                    return run
                if run["actions"]:
                    self.report(partial(self._under_way, run["actions"][-1]["name"]))
            meanwhile()
            time.sleep(0.25)
        raise DeploymentFailed(f"pipeline run {count} of {self.prefix} did not end within {PATIENCE * seconds:g} s")

    def actions(self) -> list[str]:
        """The names of the pipeline's actions, in their order."""
        pipeline = read_template(self._template)["Resources"]["Pipeline"]["Properties"]
        return [
            str(action["Name"])
            for stage in pipeline["Stages"]
            for action in sorted(stage["Actions"], key=lambda each: int(each.get("RunOrder", 1)))
        ]

    def approval(self) -> dict[str, str] | None:
        """What PutApprovalResult needs beside the answer, where the pipeline waits for one; None where it does not."""
        if not self.executions():
            return None
        state = self.aws.client("codepipeline").get_pipeline_state(name=self.full_name)
        for stage in state["stageStates"]:
            for action in stage["actionStates"]:
                if token := action.get("latestExecution", {}).get("token"):
                    return {
                        "pipelineName": self.full_name,
                        "stageName": stage["stageName"],
                        "actionName": action["actionName"],
                        "token": token,
                    }
        return None

    def passed(self, action: str, meanwhile: Meanwhile = lambda: None) -> None:
        """Waits until the pipeline's first execution is past the action. Raises DeploymentFailed where it fails."""
        while True:
            runs = self.executions()
            run: dict[str, Any] = runs[0] if runs else {"status": "InProgress", "actions": []}
            state = next((each["status"] for each in run["actions"] if each["name"] == action), "InProgress")
            if run["status"] != "InProgress":
                self.finished(1)
            if "Succeeded" in (state, run["status"]):
                return
            self.report(partial(self._under_way, action))
            meanwhile()
            time.sleep(0.25)

    def _under_way(self, action: str) -> str:
        """What the pipeline's action is doing."""
        if action == "Deploy":
            return self._progress(self.infrastructure_stack)
        if action == "Shift":
            return self._shift()
        return f"{action}: {self.build_log(1)}" if action == "Build" else action

    def _shift(self) -> str:
        """What CodeDeploy's last deployment is doing."""
        client = self.aws.client("codedeploy")
        listed = client.list_deployments(applicationName=self.full_name, deploymentGroupName=self.full_name)
        for deployment in listed["deployments"][:1]:
            ids = client.list_deployment_targets(deploymentId=deployment)["targetIds"]
            [found] = client.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids)["deploymentTargets"]
            events = [each["lifecycleEventName"] for each in found["ecsTarget"]["lifecycleEvents"]]
            shares = " and ".join(f"{each['trafficWeight']:g}" for each in found["ecsTarget"]["taskSetsInfo"])
            return f"CodeDeploy {deployment}: {', '.join(events)}; {shares or 'no'} percent of the requests"
        return "Shift"

    def outputs(self, stack: str | None = None) -> dict[str, str]:
        """Of the infrastructure stack, or of another."""
        found = self.cloudformation.describe_stacks(StackName=stack or self.infrastructure_stack)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def resources(self, stack: str | None = None) -> dict[str, str]:
        """Logical id -> physical id."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=stack or self.infrastructure_stack
        )
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    @property
    def is_deployed(self) -> bool:
        """Whether there is a service."""
        return self.status(self.infrastructure_stack) != "" and "ServiceName" in self.outputs()

    @property
    def url(self) -> str:
        """From the Outputs of the infrastructure stack."""
        return self.outputs()["ApplicationUrl"]

    @property
    def address(self) -> str:
        """The same URL with the name that the certificate is for."""
        return self.url if self.settings.load_balancer.https == "off" else f"https://{self.domain}"

    @property
    def domain(self) -> str:
        """That the certificate is for."""
        chosen = urlsplit(self.url).hostname if self.settings.load_balancer.https == "domain" else None
        return chosen or f"{self.prefix}.{DOMAIN}"

    @property
    def site(self) -> str:
        """The URL of the same load balancer for a browser on this machine."""
        if self.settings.load_balancer.https == "off":
            return f"http://localhost:{self.aws.settings.site}/"
        return f"https://localhost:{self.aws.settings.secure_site}/"

    def answers(self) -> bool:
        """Whether a task is healthy. The URL itself is not tried: the load balancer's errors would fail the release."""
        balancers = self.aws.client("elbv2")
        return any(
            target["TargetHealth"]["State"] == "healthy"
            for group in balancers.describe_target_groups()["TargetGroups"]
            for target in balancers.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
        )

    def log(self, since: float = 0.0) -> Iterator[Line]:
        """Lines of the application from a time on, oldest first."""
        logs = self.aws.client("logs")
        definition = self.aws.client("ecs").describe_task_definition(taskDefinition=self.service()["taskDefinition"])
        options = definition["taskDefinition"]["containerDefinitions"][0]["logConfiguration"]["options"]
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=options["awslogs-group"], startTime=round(since * 1000)
        )
        events = [event for page in pages for event in page["events"]]
        for event in sorted(events, key=lambda each: each["timestamp"]):
            task = event["logStreamName"].rsplit("/", 1)[-1]
            yield Line(event["timestamp"] / 1000, task, event["message"].rstrip())

    def tasks(self) -> list[dict[str, Any]]:
        """The running tasks of the service."""
        ecs = self.aws.client("ecs")
        outputs = self.outputs()
        arns = ecs.list_tasks(cluster=outputs["ClusterName"], serviceName=outputs["ServiceName"])["taskArns"]
        tasks = ecs.describe_tasks(cluster=outputs["ClusterName"], tasks=arns)["tasks"] if arns else []
        return [each for each in tasks if each["lastStatus"] == "RUNNING"]

    def container(self, task: dict[str, Any]) -> Any:
        """The Docker container of a task."""
        return self.aws.engine.client.containers.get(task["containers"][0]["runtimeId"])

    def service(self) -> dict[str, Any]:
        """The ECS service as DescribeServices returns it."""
        outputs = self.outputs()
        answer = self.aws.client("ecs").describe_services(
            cluster=outputs["ClusterName"], services=[outputs["ServiceName"]]
        )
        return dict(answer["services"][0])

    def delete(self, stack: str) -> None:
        """Deletes a stack, again where the engine did not answer; DeploymentFailed where it cannot be deleted."""
        for attempts_left in (2, 1, 0):
            self.cloudformation.delete_stack(StackName=stack)
            try:
                self.settled(stack, ["DELETE_COMPLETE", ""])
                return
            except DeploymentFailed as error:
                if not attempts_left or not did_not_answer(str(error)):
                    raise

    def down(self) -> None:
        """Both stacks, in the documented order, and then what surrounds them."""
        for stack in self.stacks:
            self.delete(stack)

    @property
    def stacks(self) -> list[str]:
        """In the order in which they can be deleted."""
        has_more = self.status(self.surroundings_stack) != ""
        return [self.infrastructure_stack, self.pipeline_stack, *([self.surroundings_stack] if has_more else [])]
