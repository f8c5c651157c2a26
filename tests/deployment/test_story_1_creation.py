"""R1: both stacks from nothing to an answering URL, no manual step; and the log line in the database."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from .alarms import past_its_warm_up, states
from .database import connection_string, database, find_request_in_the_database
from .results import Results
from .stage import Stage


def test_the_pipeline_did_everything(stage: Stage) -> None:
    run = stage.executions()[0]
    assert run["trigger"] == "CreatePipeline"
    assert [(each["name"], each["status"]) for each in run["actions"]] == [
        ("Source", "Succeeded"),
        ("Build", "Succeeded"),
        ("Deploy", "Succeeded"),
    ]
    assert stage.status(stage.infrastructure_stack).endswith("_COMPLETE")


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


def test_requests_are_logged_in_the_database(stage: Stage, results: Results) -> None:
    """By the template's own connection string: its name, TLS and password, and nothing that makes it easier."""
    find_request_in_the_database(stage, database(stage, connection_string(stage)))
    results.add("R1", "page, certificate, log line in the database (TLS, SCRAM)", note="all there")


def test_nobody_gets_in_without_password_or_tls(stage: Stage) -> None:
    uri = connection_string(stage)
    for broken in (uri.replace("tls=true", "tls=false"), re.sub(r":[^:@]+@", ":wrong-password@", uri)):
        client = database(stage, broken)
        with pytest.raises(PyMongoError):
            client.admin.command("listDatabases")


def test_tasks_run_as_the_template_says(stage: Stage) -> None:
    for task in stage.tasks():
        attributes = stage.container(task).attrs
        assert attributes["Config"]["User"] == "1000:1000"
        assert attributes["HostConfig"]["ReadonlyRootfs"] is True
        assert attributes["HostConfig"]["Init"] is True
        assert attributes["HostConfig"]["Memory"] == 1024 * 2**20
        assert attributes["HostConfig"]["NanoCpus"] == 500_000_000


def test_the_smallest_number_of_tasks_runs(stage: Stage) -> None:
    assert len(stage.tasks()) == len(stage.healthy()) == 2


def test_a_healthy_first_deployment_does_not_have_too_few_tasks(stage: Stage) -> None:
    """One task runs until the scalable target exists, and what is measured then reaches the alarm later."""
    past_its_warm_up(stage)
    assert states(stage, "TooFewTasksAlarm")[0] == "OK"
