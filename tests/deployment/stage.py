"""A deployed stage as the tests use it: requests to the application, its tasks and targets, and waiting."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from phoenix_cfn.local import stage
from phoenix_cfn.local.errors import DeploymentFailed
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import PATIENCE
from tests.deployment.fork import Fork

__all__ = ["PATIENCE", "Answer", "DeploymentFailed", "Stage", "eventually", "request"]


@dataclass(frozen=True)
class Answer:
    """Of the application: status 0 means that there was none."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Stage(stage.Stage):
    """Of a fork that the tests change."""

    fork: Fork

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

    def get(self, path: str = "/", method: str = "GET", timeout: float = 30) -> Answer:
        """A request to the application under the URL of the Outputs."""
        return request(self.aws, self.url, path, method, timeout)

    def container(self, task: dict[str, Any]) -> Any:
        """The Docker container of a task."""
        return self.aws.engine.client.containers.get(task["containers"][0]["runtimeId"])

    def healthy(self) -> list[str]:
        """The addresses of the healthy targets."""
        group = self.resources()["TargetGroup"]
        found = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"]


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
