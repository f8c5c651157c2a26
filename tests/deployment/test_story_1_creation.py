"""R1: both stacks from nothing to an answering URL, no manual step; and the log line in the database."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from phoenix_cfn.local.server import LocalAws

from .results import Results
from .stage import Stage, eventually


def test_the_pipeline_did_everything(stage: Stage) -> None:
    run = stage.executions()[0]
    assert run["trigger"] == "CreatePipeline"
    assert [(each["name"], each["status"]) for each in run["actions"]] == [
        ("Source", "Succeeded"),
        ("Build", "Succeeded"),
        ("Deploy", "Succeeded"),
    ]
    assert stage.status(stage.infrastructure_stack) == "CREATE_COMPLETE"


def test_the_page_answers_under_the_url_of_the_outputs(stage: Stage) -> None:
    answer = stage.get("/")
    assert answer.status == 200
    assert b"Welcome to Express" in answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert stage.get("/stylesheets/style.css").headers["content-type"].startswith("text/css")


def test_a_certificate_is_made(stage: Stage) -> None:
    keys = json.loads(stage.get("/generatecert").body)["keys"]
    n, p, q = (_number(keys["privateKey"][name]) for name in "npq")
    assert n == p * q
    assert n.bit_length() == 2048


def _number(digits: dict[str, Any]) -> int:
    return sum(digit << (28 * index) for index, digit in enumerate(digits["data"][: digits["t"]]))


def test_requests_are_logged_in_the_database(stage: Stage, aws: LocalAws, results: Results) -> None:
    """By the template's own connection string: its name, TLS and password, and nothing that makes it easier."""
    find_request_in_the_database(stage, database(stage, aws, connection_string(stage, aws)))
    results.add("R1", "page, certificate, log line in the database (TLS, SCRAM)", note="all there")


def find_request_in_the_database(stage: Stage, client: Any, seconds: float = 60) -> None:
    """Makes a request and waits for its line in the collection `logs`; AssertionError where it does not come."""
    logs = client.get_default_database()["logs"]
    logs.find_one()
    stage.get("/?written-to-the-database")
    line = eventually(
        lambda: logs.find_one({"request": {"$regex": "written-to-the-database"}}),
        seconds,
        "the request in the collection `logs`",
    )
    assert isinstance(line["time"], (int, float))
    assert re.search(r'"GET /\?written-to-the-database HTTP/1\.1" 200', line["request"])


def test_nobody_gets_in_without_password_or_tls(stage: Stage, aws: LocalAws) -> None:
    uri = connection_string(stage, aws)
    for broken in (uri.replace("tls=true", "tls=false"), re.sub(r":[^:@]+@", ":wrong-password@", uri)):
        client = database(stage, aws, broken)
        with pytest.raises(PyMongoError):
            client.admin.command("listDatabases")


def connection_string(stage: Stage, aws: LocalAws) -> str:
    """DB_CONNECTION_STRING as the task definition refers to it."""
    definition = aws.client("ecs").describe_task_definition(taskDefinition=stage.tasks()[0]["taskDefinitionArn"])
    secret = definition["taskDefinition"]["containerDefinitions"][0]["secrets"][0]
    assert secret["name"] == "DB_CONNECTION_STRING"
    return str(aws.client("secretsmanager").get_secret_value(SecretId=secret["valueFrom"])["SecretString"])


def database(stage: Stage, aws: LocalAws, uri: str) -> Any:
    """A client that finds the endpoint's name where the tasks find it: in the hosts file of one of them."""
    hosts = stage.container(stage.tasks()[0]).attrs["HostConfig"]["ExtraHosts"]
    address = next(each.partition(":")[2] for each in hosts if "docdb" in each)
    host = re.search(r"@([^:/]+):", uri)
    assert host
    # This machine does not know the name. The certificate is for it, so that it cannot be checked by the address.
    plain = uri.replace(host[1], address).replace("replicaSet=rs0", "directConnection=true")
    options: dict[str, Any] = {"serverSelectionTimeoutMS": 10_000}
    if "tls=true" in uri:
        options |= {"tlsCAFile": str(aws.settings.state / "local-ca.pem"), "tlsAllowInvalidHostnames": True}
    return MongoClient(plain, **options)


def test_tasks_run_as_the_template_says(stage: Stage) -> None:
    for task in stage.tasks():
        attributes = stage.container(task).attrs
        assert attributes["Config"]["User"] == "1000:1000"
        assert attributes["HostConfig"]["ReadonlyRootfs"] is True
        assert attributes["HostConfig"]["Init"] is True
        assert attributes["HostConfig"]["Memory"] == 1024 * 2**20
        assert attributes["HostConfig"]["NanoCpus"] == 500_000_000


def test_the_smallest_number_of_tasks_runs(stage: Stage) -> None:
    eventually(lambda: len(stage.healthy()) == 2, 30, "two healthy tasks")


def test_a_healthy_first_deployment_does_not_have_too_few_tasks(stage: Stage, aws: LocalAws) -> None:
    """One task runs until the scalable target exists, and what is measured then reaches the alarm later."""
    cloudwatch = aws.client("cloudwatch")
    name = stage.resources()["TooFewTasksAlarm"]

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])

    eventually(lambda: state() == "OK", 120, "the warm-up period of TooFewTasksAlarm is over, and the alarm in OK")
    history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert not [each["HistorySummary"] for each in history if "to ALARM" in each["HistorySummary"]]
