"""Settings together, deployed: each value of the settings that shape a stage occurs, and no deploy role is short.

The stages are deployed beside each other, with a service that is built within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from phoenix_cfn.local.aws.git_hosts import PUSHES
from phoenix_cfn.local.server import LocalAws
from tests.deployment.small_service import small_service
from tests.deployment.stage import Answer, Stage, request
from tests.deployment.tls import https, trusting

SERVICE: dict[str, Any] = {
    "container_port": 9000,
    "user": "10001:10001",
    "writable_paths": ["/tmp"],
    "stop_timeout": 60,
    "variables": {"LOG_LEVEL": "info"},
    "secrets": {"API_KEY": "${StagePrefix}/payments:key", "TOKEN": "${StagePrefix}/token"},
    "allow": [
        {
            "actions": ["sqs:SendMessage"],
            "resources": ["arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-orders"],
        }
    ],
}
CHOSEN: dict[str, dict[str, Any]] = {
    # Its parameters are too long for ParameterOverrides.
    "joins": {
        "network": {"kind": "existing"},
        "database": {"from_snapshot": True, "instances": 1},
        "load_balancer": {"https": "domain", "rate_limit": 1000},
    },
    "inside": {
        "network": {"nat_gateways": 0},
        "database": {"kind": "none"},
        "load_balancer": {"https": "certificate"},
        "pipeline": {"source": "codecommit"},
        "service": SERVICE,
    },
    "outside": {
        "network": {"nat_gateways": 1},
        "database": {"kind": "external", "variable": "DATABASE_URL"},
        "load_balancer": {"rate_limit": 1000, "content_security_policy": ""},
        "pipeline": {"source": "github-connection"},
        "service": {"cpu_architecture": "ARM64"},
        "retention": {"days": 30},
    },
    "flexible": {
        "database": {"serverless_capacity": [0.5, 4]},
        "load_balancer": {"https": "domain"},
    },
}
# What starts a run after a push, by the source of the pipeline.
TRIGGERS = {"github-oauth": "Webhook", "github-connection": "WebhookV2", "codecommit": "CloudWatchEvent"}


def deployed(aws: LocalAws, prefix: str) -> Stage:
    fork = small_service(aws, f"owner-of-{prefix}", CHOSEN[prefix])
    fork.push("The smallest service")
    stage = Stage(aws, fork, prefix)
    stage.up()
    return stage


@pytest.fixture(scope="module")
def stages(aws: LocalAws) -> Iterator[dict[str, Stage]]:
    """All of them, by prefix. At the end their deploy roles delete them."""
    with ThreadPoolExecutor(len(CHOSEN)) as together:
        running = dict(zip(CHOSEN, together.map(lambda prefix: deployed(aws, prefix), CHOSEN), strict=True))
        yield running
        list(together.map(Stage.down, running.values()))
    for stage in running.values():
        assert [each for each in stage.stacks if stage.status(each)] == []
        # CodeCommit itself learns of pushes.
        assert not [url for url in stage.fork.remote.hooks() if f"{PUSHES}codecommit/" not in url]


def answer(stage: Stage) -> Answer:
    """Over HTTPS where the settings say so. With a certificate of one's own, no record leads to the load balancer."""
    kind = stage.settings.load_balancer.https
    if kind == "off":
        return request(stage.aws, stage.url)
    context = trusting(stage.aws)
    context.check_hostname = kind == "domain"
    return https(stage.aws, str(urlsplit(stage.url).hostname), context=context)


@pytest.mark.parametrize("prefix", CHOSEN)
def test_it_answers(stages: dict[str, Stage], prefix: str) -> None:
    assert answer(stages[prefix]).status == 200


@dataclass
class Push:
    """A push to a stage's source: the run that it starts, and what the stage answers before it and after it."""

    execution: dict[str, Any]
    before: bytes
    after: bytes


def pushed(stage: Stage) -> Push:
    """The first version comes from a build of the source, and the second is an image that exists."""
    second = stage.version(f"second-{stage.prefix}", "ENV VERSION=second")
    before = answer(stage).body
    return Push(stage.finished(stage.push("Second", second)), before, answer(stage).body)


@pytest.fixture(scope="module")
def pushes(stages: dict[str, Stage]) -> dict[str, Push]:
    """One to each stage, beside each other."""
    with ThreadPoolExecutor(len(CHOSEN)) as together:
        return dict(zip(CHOSEN, together.map(lambda prefix: pushed(stages[prefix]), CHOSEN), strict=True))


@pytest.mark.parametrize("prefix", CHOSEN)
def test_a_push_releases_a_version(stages: dict[str, Stage], pushes: dict[str, Push], prefix: str) -> None:
    stage, push = stages[prefix], pushes[prefix]
    first, *_ = stage.executions()
    assert [(each["name"], each["status"]) for each in first["actions"]] == [
        (name, "Succeeded") for name in ("Source", "Build", "Deploy")
    ]
    assert push.execution["commit"] == stage.fork.head()
    assert push.execution["trigger"] == TRIGGERS[stage.settings.pipeline.source]
    assert push.before.startswith(b"unnamed ")
    assert push.after.startswith(b"second ")


def test_the_container_has_its_variables_and_secrets(stages: dict[str, Stage]) -> None:
    inside = answer(stages["inside"]).body.decode().split()
    assert {"LOG_LEVEL", "API_KEY", "TOKEN", "PORT"} <= {*inside}
    assert "DB_CONNECTION_STRING" not in inside
    assert "DATABASE_URL" in answer(stages["outside"]).body.decode().split()
    assert "DB_CONNECTION_STRING" in answer(stages["flexible"]).body.decode().split()


def test_a_network_that_exists_is_left_as_it_was(stages: dict[str, Stage]) -> None:
    joins = stages["joins"]
    kinds = {
        name for name in joins.resources() if "Subnet" in name or "Gateway" in name or "Route" in name or name == "VPC"
    }
    assert kinds <= {"DatabaseSubnetGroup"}
