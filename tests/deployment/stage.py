"""One stage of the kata on the local AWS: its two stacks, its pipeline, its URL, and what a person does with them."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from phoenix_cfn import Settings

from .docker_engine import did_not_answer
from .fork import BRANCH, TOKEN, Fork
from .server import LocalAws

Report = Callable[[str], None]
# Every bound below is what a quiet machine keeps easily. A busy one gets so many times as long before it fails.
PATIENCE = 4


class DeploymentFailed(AssertionError):
    """A stack or a pipeline did not get there; the message has the reasons from its events."""


@dataclass(frozen=True)
class Answer:
    """Of the application: status 0 means that there was none."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Stage:
    """`prefix` is StagePrefix; `fork` is the repository that its pipeline builds."""

    def __init__(self, aws: LocalAws, fork: Fork, prefix: str = "dev", report: Report = lambda line: None) -> None:
        self.aws, self.fork, self.prefix, self.report = aws, fork, prefix, report
        self.cloudformation = aws.client("cloudformation")
        settings = Settings.load(fork.clone / "phoenix.toml")
        self.port = settings.service.container_port
        self.full_name = f"{prefix}-{settings.name}"
        self.pipeline_stack = f"{self.full_name}-pipeline"
        self.infrastructure_stack = f"{self.full_name}-infrastructure"

    def parameters(self, **changes: str) -> list[dict[str, str]]:
        """The original's nine parameters, and what the caller changes or adds."""
        values = {
            "StagePrefix": self.prefix,
            "GithubUsername": self.fork.owner,
            "GithubRepository": self.fork.name,
            "GithubBranch": BRANCH,
            "GithubOAuthToken": TOKEN,
            "MongoDBMasterUsername": "documentdb",
            "MongoDBMasterPassword": "Kata2026-password",
            "MongoDBPort": "27017",
            "ContainerPort": str(self.port),
            **changes,
        }
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]

    def create_pipeline(self, **changes: str) -> None:
        """Creates the pipeline stack from the fork's Pipeline.yml, as its user would; returns when it is complete."""
        self.cloudformation.create_stack(
            StackName=self.pipeline_stack,
            TemplateBody=(self.fork.clone / "templates" / "Pipeline.yml").read_text(),
            Parameters=self.parameters(**changes),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.settled(self.pipeline_stack, ["CREATE_COMPLETE"])

    def update_pipeline(self) -> None:
        """Updates the pipeline stack to the fork's Pipeline.yml, if that has changed."""
        try:
            self.cloudformation.update_stack(
                StackName=self.pipeline_stack,
                TemplateBody=(self.fork.clone / "templates" / "Pipeline.yml").read_text(),
                Parameters=self.parameters(),
                Capabilities=["CAPABILITY_IAM"],
            )
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return
            raise
        self.settled(self.pipeline_stack, ["UPDATE_COMPLETE"])

    def up(self, **changes: str) -> None:
        """From nothing to a deployed application."""
        self.create_pipeline(**changes)
        self.finished(1)

    def status(self, stack: str) -> str:
        """Of a stack; empty where there is none."""
        try:
            return str(self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise

    def settled(self, stack: str, wanted: Iterable[str], seconds: float = 300) -> None:
        """Waits until nothing goes on in the stack; DeploymentFailed unless its status is a wanted one."""
        end = time.time() + PATIENCE * seconds
        seen = 0
        while (status := self.status(stack)).endswith("IN_PROGRESS") and time.time() < end:
            events = self._events(stack)
            for event in reversed(events[: len(events) - seen]):
                self.report(f"  {event['ResourceStatus']:20} {event['ResourceType']:45} {event['LogicalResourceId']}")
            seen = len(events)
            time.sleep(0.25)
        if status not in wanted:
            raise DeploymentFailed(f"{stack} is {status or 'gone'}: {'; '.join(self.failures(stack)) or 'no failure'}")

    def _events(self, stack: str) -> list[dict[str, Any]]:
        try:
            pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
            return [event for page in pages for event in page["StackEvents"]]
        except ClientError:
            return []

    def failures(self, stack: str) -> list[str]:
        """The failures in the stack's events, oldest first."""
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in reversed(self._events(stack))
            if event["ResourceStatus"].endswith("FAILED")
        ]

    def executions(self) -> list[dict[str, Any]]:
        """Of this stage's pipeline, oldest first."""
        return [each for each in self.aws.pipelines() if each["pipeline"] == self.full_name]

    def finished(self, count: int, seconds: float = 420) -> dict[str, Any]:
        """Waits for the pipeline's execution number `count`; DeploymentFailed unless it succeeded."""
        execution = self.ended(count, seconds)
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
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        last = max(streams, key=lambda each: each["creationTime"])["logStreamName"]
        events = logs.get_log_events(logGroupName=group, logStreamName=last, limit=10_000)["events"]
        return "\n".join(each["message"] for each in events[-lines:])

    def ended(self, count: int, seconds: float = 420) -> dict[str, Any]:
        """Waits for the pipeline's execution number `count`, however it ends."""
        end = time.time() + PATIENCE * seconds
        told: set[tuple[str, str]] = set()
        while time.time() < end:
            runs = self.executions()
            if len(runs) >= count:
                for action in runs[count - 1]["actions"]:
                    step = (action["name"], action["status"])
                    if step not in told:
                        told.add(step)
                        self.report(f"  pipeline: {step[0]} {step[1]} {action['summary']}")
                if runs[count - 1]["status"] != "InProgress":
                    return runs[count - 1]
            time.sleep(0.25)
        raise DeploymentFailed(f"pipeline run {count} of {self.prefix} did not end within {PATIENCE * seconds:g} s")

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
    def url(self) -> str:
        """From the Outputs of the infrastructure stack."""
        return self.outputs()["ApplicationUrl"]

    def get(self, path: str = "/", method: str = "GET", timeout: float = 30) -> Answer:
        """A request to the application under the URL of the Outputs."""
        return request(self.aws, self.url, path, method, timeout)

    def tasks(self) -> list[dict[str, Any]]:
        """The running tasks of the service."""
        ecs = self.aws.client("ecs")
        outputs = self.outputs()
        arns = ecs.list_tasks(cluster=outputs["ClusterName"], serviceName=outputs["ServiceName"])["taskArns"]
        tasks = ecs.describe_tasks(cluster=outputs["ClusterName"], tasks=arns)["tasks"] if arns else []
        return [each for each in tasks if each["lastStatus"] == "RUNNING"]

    def service(self) -> dict[str, Any]:
        """The ECS service as DescribeServices tells it."""
        outputs = self.outputs()
        answer = self.aws.client("ecs").describe_services(
            cluster=outputs["ClusterName"], services=[outputs["ServiceName"]]
        )
        return dict(answer["services"][0])

    def container(self, task: dict[str, Any]) -> Any:
        """The Docker container of a task."""
        return self.aws.engine.client.containers.get(task["containers"][0]["runtimeId"])

    def healthy(self) -> list[str]:
        """The addresses of the healthy targets."""
        group = self.resources()["TargetGroup"]
        found = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"]

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
        """Both stacks, in the documented order."""
        self.delete(self.infrastructure_stack)
        self.delete(self.pipeline_stack)


def request(aws: LocalAws, url: str, path: str = "/", method: str = "GET", timeout: float = 30) -> Answer:
    """To a load balancer's URL: its name leads to the gateway here, so that the name travels in the Host header."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.settings.port, timeout=timeout)
    start = time.time()
    try:
        connection.request(method, path, headers={"Host": urlsplit(url).netloc})
        answer = connection.getresponse()
        body = answer.read()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body, time.time() - start)
    except OSError:
        return Answer(0, {}, b"", time.time() - start)
    except http.client.HTTPException:
        return Answer(0, {}, b"", time.time() - start)
    finally:
        connection.close()


def eventually(check: Callable[[], Any], seconds: float, what: str) -> Any:
    """Waits until the check returns something true, and returns that; AssertionError after far more seconds."""
    end = time.time() + PATIENCE * seconds
    while time.time() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE * seconds:g} s: {what}")
