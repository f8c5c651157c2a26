"""A new type of resource in Infrastructure.yml, and a build: the role follows, and the diff shows it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from troposphere.sqs import Queue

from phoenix_cfn import Settings, gate, infrastructure, pipeline
from phoenix_cfn.cli import build
from phoenix_cfn.iam import handlers
from phoenix_cfn.template import StageTemplate
from tests.stack import Stack


@pytest.fixture
def with_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = vars(infrastructure)["outputs"]

    def with_queue(template: StageTemplate, *others: Any) -> None:
        template.add_resource(Queue("Queue", SqsManagedSseEnabled=True))
        outputs(template, *others)

    monkeypatch.setattr(infrastructure, "outputs", with_queue)


def allowed(stack: Stack) -> set[str]:
    documents = [policy["PolicyDocument"] for policy in stack.properties("DeployRole")["Policies"]]
    documents += [policy["PolicyDocument"] for policy in stack.of_type("AWS::IAM::ManagedPolicy").values()]
    return {action for document in documents for each in document["Statement"] for action in each["Action"]}


def test_the_role_follows(with_a_queue: None, pipeline_stack: Stack) -> None:
    added = allowed(Stack(pipeline.template(Settings()))) - allowed(pipeline_stack)
    assert {"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue"} <= added
    assert all(action.startswith("sqs:") for action in added)


def test_the_role_follows_a_template_that_is_handed_in(pipeline_stack: Stack) -> None:
    deployed = infrastructure.template(Settings())
    deployed.add_resource(Queue("Queue"))
    assert "sqs:CreateQueue" in allowed(Stack(pipeline.template(Settings(), deployed)))
    assert "sqs:CreateQueue" not in allowed(pipeline_stack)


def test_a_build_shows_it(with_a_queue: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / "handlers.json"
    shutil.copy(handlers.DATA, record)
    monkeypatch.setattr(handlers, "DATA", record)
    monkeypatch.setattr(gate, "findings", lambda root, contents: [])
    output = tmp_path / "templates"
    output.mkdir()

    assert build.main(tmp_path, ["--check"]) == 1
    assert "AWS::SQS::Queue" not in record.read_text(), "a check writes nothing"
    assert build.main(tmp_path, []) == 0
    assert "AWS::SQS::Queue" in json.loads(record.read_text())["facts"]["types"]
    assert "sqs:CreateQueue" in (output / "Pipeline.yml").read_text()


def test_a_record_that_cannot_be_written_is_no_obstacle(
    with_a_queue: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(gate, "findings", lambda root, contents: [])
    monkeypatch.setattr(handlers.Handlers, "record", refuse)
    assert build.main(tmp_path, ["--output", str(tmp_path)]) == 0
    assert "sqs:CreateQueue" in (tmp_path / "Pipeline.yml").read_text()
