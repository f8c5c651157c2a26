"""The tests can fail: each of these faults in the templates is found, and where it is found is named here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from phoenix_cfn.local.server import LocalAws

from .account import retentions
from .database import connection_string, database, find_request_in_the_database
from .fork import Fork
from .results import Results
from .stage import Stage, own_stage
from .versions import UNHEALTHY

INFRASTRUCTURE, PIPELINE = "templates/Infrastructure.yml", "templates/Pipeline.yml"


def container_port(fork: Fork) -> None:
    fork.replace(
        INFRASTRUCTURE, "PortMappings: [{ContainerPort: !Ref ContainerPort", "PortMappings: [{ContainerPort: 9"
    )


def security_group_port(fork: Fork) -> None:
    """The one through which the load balancer reaches the tasks."""
    text = (fork.clone / INFRASTRUCTURE).read_text()
    start = text.index("  LoadBalancerEgress:")
    rule = text[start : text.index("\n\n", start)]
    fork.replace(INFRASTRUCTURE, rule, rule.replace("Port: !Ref ContainerPort", "Port: 9"))


def container_name(fork: Fork) -> None:
    fork.replace(INFRASTRUCTURE, "ContainerName: phoenix,", "ContainerName: app,")


def health_check_path(fork: Fork) -> None:
    fork.replace(INFRASTRUCTURE, "HealthCheckPath: /health", "HealthCheckPath: /healthy")


def execution_role(fork: Fork) -> None:
    fork.replace(INFRASTRUCTURE, "Action: ['kms:Decrypt']", "Action: ['kms:Encrypt']")


def deploy_role(fork: Fork) -> None:
    fork.replace(PIPELINE, "'ecs:CreateService', ", "")


def connection_security(fork: Fork) -> None:
    fork.replace(INFRASTRUCTURE, "?tls=true&", "?tls=false&")


def retention(fork: Fork) -> None:
    text = (fork.clone / INFRASTRUCTURE).read_text()
    start = text.index("/tasks'\n") + len("/tasks'\n")
    line = text[start : text.index("\n", start) + 1]
    assert "RetentionInDays: 7" in line
    group = text[start - 80 : start]
    fork.replace(INFRASTRUCTURE, group + line, group)


@pytest.fixture(scope="module")
def broken(aws: LocalAws) -> Iterator[Stage]:
    """A stage with a fork of its own: without a fault it is deployed, and every other release is a broken one."""
    with own_stage(aws, "broken") as stage:
        stage.up()
        yield stage


def _release(stage: Stage, fault: Callable[[Fork], None]) -> str:
    """Releases the fault from nothing; why the deploy action failed, empty where it did not."""
    stage.delete(stage.infrastructure_stack)
    stage.fork.restore(stage.fork.good)
    fault(stage.fork)
    execution = stage.ended(stage.release(f"Broken: {fault.__name__}", stage.first))
    deploy = execution["actions"][-1]
    assert deploy["name"] == "Deploy", execution
    return str(deploy["summary"]) if deploy["status"] == "Failed" else ""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (container_port, "Service: The container phoenix has no container port 8080"),
        (container_name, "Service: The container app does not exist in the task definition"),
        (security_group_port, UNHEALTHY),
        (health_check_path, UNHEALTHY),
        (execution_role, "is not authorized to perform: kms:Decrypt"),
        (deploy_role, "Service: User: .* is not authorized to perform: ecs:CreateService"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_faults_that_fail_the_deployment(
    broken: Stage, results: Results, fault: Callable[[Fork], None], reason: str
) -> None:
    summary = _release(broken, fault)
    found = re.search(reason, summary)
    assert found, summary
    results.add("broken", fault.__name__.replace("_", " "), note=f"the deployment fails: `{found[0]}`")


def test_fault_in_the_security_of_the_connection(broken: Stage, results: Results) -> None:
    assert _release(broken, connection_security) == ""
    broken_string = connection_string(broken)
    assert "tls=false" in broken_string
    # The client of the test gets in; what does not is the application's.
    client = database(broken, broken_string.replace("tls=false", "tls=true"))
    with pytest.raises(AssertionError, match="the request in the collection"):
        find_request_in_the_database(broken, client, 15)
    results.add("broken", "connection string without TLS", note="no line gets into the database")


def test_fault_in_the_retention(broken: Stage, aws: LocalAws, results: Results) -> None:
    assert _release(broken, retention) == ""
    assert {name: days for name, days in retentions(aws).items() if days != 7} == {"/broken-phoenix/tasks": None}
    results.add("broken", "log group without retention", note="found among the log groups")
