"""A new type of resource in Infrastructure.yml, and a build: the role follows, and the diff shows it."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from troposphere.sqs import Queue

from phoenix_cfn import Settings, gate, infrastructure, pipeline
from phoenix_cfn.cli import build
from phoenix_cfn.cli.outcome import reported
from tests.iam.account import Stage
from tests.stack import Stack


def allowed(stack: Stack) -> set[str]:
    documents = [policy["PolicyDocument"] for policy in stack.properties("DeployRole")["Policies"]]
    documents += [policy["PolicyDocument"] for policy in stack.of_type("AWS::IAM::ManagedPolicy").values()]
    return {action for document in documents for each in document["Statement"] for action in each["Action"]}


def test_the_role_follows_a_template_that_is_handed_in(pipeline_stack: Stack) -> None:
    deployed = infrastructure.template(Settings())
    deployed.add_resource(Queue("Queue"))
    added = allowed(Stack(pipeline.template(Settings(), deployed))) - allowed(pipeline_stack)
    assert {"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue"} <= added
    assert all(action.startswith("sqs:") for action in added)


OWN = """
from awacs import sqs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.sqs import Queue


def extend_infrastructure(infrastructure):
    queue = infrastructure.scope.add(Queue("OrderQueue", QueueName=Sub("${StagePrefix}-phoenix-orders")))
    infrastructure.service.task.allow(
        Statement(Sid="Order", Effect=Allow, Action=[sqs.SendMessage], Resource=[GetAtt(queue, "Arn")])
    )
"""


@pytest.fixture
def fork(cfnlintrc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Builds in a folder of its own, with a queue that the tasks send to or without; lints nothing."""
    monkeypatch.setattr(gate, "findings", lambda root, contents: [])
    (tmp_path / "templates").mkdir()
    (tmp_path / ".cfnlintrc").write_bytes(cfnlintrc.read_bytes())

    def run(*arguments: str, own: bool, code: str = OWN) -> int:
        (tmp_path / "own.py").write_text(code)
        (tmp_path / "phoenix.toml").write_text('extension = "own.py"\n' if own else "")
        return reported("build.py", lambda: build.main(arguments, tmp_path, "build.py"))

    return run


def contents(root: Path) -> dict[str, bytes]:
    files = [root / "deployed.json", *(root / "templates").iterdir()]
    return {path.name: path.read_bytes() for path in files if path.exists()}


def test_a_resource_of_ones_own_is_on_record_until_it_is_taken_off(fork: Callable[..., int], tmp_path: Path) -> None:
    assert fork(own=False) == 0
    assert not (tmp_path / "deployed.json").exists(), "the library's own need no record"
    clean = contents(tmp_path)

    assert fork(own=True) == 0
    added = contents(tmp_path)
    assert json.loads(added["deployed.json"]) == {
        "resources": {
            "AWS::SQS::Queue": {
                "sqs:queue": [
                    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-phoenix-orders"
                ]
            }
        },
        "tags": {"Project": "phoenix", "Stage": "${StagePrefix}"},
        "roles": [
            {
                "Sid": "Order",
                "Action": ["sqs:SendMessage"],
                "Resource": [
                    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-phoenix-orders"
                ],
                "Condition": {},
            }
        ],
    }
    assert fork(own=True) == 0
    assert contents(tmp_path) == added, "a second run changes nothing"
    assert fork("--check", own=True) == 0

    assert fork(own=False) == 0
    removed = contents(tmp_path)
    assert removed["deployed.json"] == added["deployed.json"]
    assert b"sqs:DeleteQueue" in removed["Pipeline.yml"]
    assert b"sqs:CreateQueue" not in removed["Pipeline.yml"]
    assert b"sqs:SendMessage" in removed["Pipeline.yml"], "tasks of before still run, or are rolled back to"
    assert fork("--check", own=False) == 0

    # The documented step, once every stage is updated.
    (tmp_path / "deployed.json").unlink()
    assert fork(own=False) == 0
    assert contents(tmp_path) == clean


def test_a_check_fails_where_the_record_would_grow(
    fork: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork(own=True)
    (tmp_path / "deployed.json").unlink()
    before = contents(tmp_path)
    capsys.readouterr()
    assert fork("--check", own=True) == 1
    printed = capsys.readouterr().out
    assert "+++ generated" in printed
    assert "deployed.json: differs" in printed
    assert "A stage may have resources that this record does not list. Run the build without --check" in printed
    assert contents(tmp_path) == before, "a check writes nothing"


def test_a_record_that_cannot_be_read_stops_the_build(
    fork: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork(own=False)
    (tmp_path / "deployed.json").write_text("<<<<<<< HEAD\n")
    before = contents(tmp_path)
    assert fork(own=True) == 2
    assert "After a merge, keep the lines of both sides" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_record_that_cannot_be_written_leaves_the_templates_as_they_are(
    fork: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fork(own=False)
    before = contents(tmp_path)
    make = tempfile.mkstemp

    def refuse(*arguments: Any, **options: Any) -> Any:
        if "deployed.json" in options["prefix"]:
            raise OSError(errno.EROFS, "Read-only file system")
        return make(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert fork(own=True) == 2
    assert f"cannot write to {tmp_path}: Read-only file system" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_the_boundary_keeps_its_arn_whatever_the_settings() -> None:
    """A change of another property than the document replaces the policy: no role can be rolled back to the old one."""
    other = {"database": {"instances": 1}, "pipeline": {"source": "codecommit"}, "service": {"workers": 1}}
    for settings in (
        Settings(),
        Settings.of(other),
    ):
        boundary = Stack(pipeline.template(settings)).resources["RoleBoundary"]
        assert set(boundary) == {"Type", "Properties"}
        assert {key: value for key, value in boundary["Properties"].items() if key != "PolicyDocument"} == {
            "Description": "The most that roles of the infrastructure stack may do"
        }


def test_an_instance_fewer_can_still_be_deleted() -> None:
    fewer = Settings.of({"database": {"instances": 1}})
    stage = Stage(Stack(pipeline.template(fewer)), Stack(infrastructure.template(Settings())), "dev")
    for number in (1, 2):
        instance = stage.infrastructure.arn(f"DatabaseInstance{number}")
        assert stage.role("DeployRole").may("rds:DeleteDBInstance", instance, stage.tags)


@pytest.mark.parametrize("other", ["dev-phoenix-3", "dev-phoenix-x-1", "dev-2-phoenix-1", "dev-phoenix-phoenix-1"])
def test_the_pattern_for_instances_reaches_no_other_database(other: str, dev: Stage) -> None:
    """But the sixteen that this stage may have: another stage's name, or service's, makes it longer."""
    arn = f"arn:aws:rds:eu-west-1:111122223333:db:{other}"
    assert dev.role("DeployRole").may("rds:DeleteDBInstance", arn) is (other == "dev-phoenix-3")


def test_a_boundary_that_cannot_follow_stops_the_build(
    fork: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork(own=False)
    before = contents(tmp_path)
    assert fork(own=True, code=OWN.replace('GetAtt(queue, "Arn")', "Ref(queue)")) == 2
    assert capsys.readouterr().err == (
        "build.py: no permissions boundary can be derived from TaskRole, statement Order: found "
        '{"Ref": "OrderQueue"}; the URL of Ref OrderQueue is not known in Pipeline.yml. '
        "Use Fn::GetAtt OrderQueue.Arn.\n"
    )
    assert contents(tmp_path) == before
