"""A fork's own file: its functions get the handles, and its mistakes are one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoenix_cfn.cli import main
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.project import Project
from tests.stack import Stack, get_att, ref

QUEUE = """
from __future__ import annotations

from dataclasses import dataclass

from awacs import sqs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.sqs import Queue


@dataclass(frozen=True)
class Orders:
    queue: Queue


def extend_infrastructure(infrastructure):
    task = infrastructure.service.task
    orders = Orders(infrastructure.scope.add(Queue("OrderQueue", QueueName=Sub("${StagePrefix}-phoenix-orders"))))
    task.set_variable("ORDER_QUEUE_URL", Ref(orders.queue))
    task.allow(Statement(Effect=Allow, Action=[sqs.SendMessage], Resource=[GetAtt(orders.queue, "Arn")]))


def extend_pipeline(pipeline):
    pipeline.scope.template.add_output(__import__("troposphere").Output("Topic", Value=Ref(pipeline.topic)))
"""


def project(folder: Path, code: str) -> Project:
    (folder / "phoenix.toml").write_text('extension = "own.py"\n', encoding="utf-8")
    (folder / "own.py").write_text(code, encoding="utf-8")
    return Project.load(folder)


def test_without_the_setting_nothing_is_added(tmp_path: Path) -> None:
    (tmp_path / "extension.py").write_text("raise SystemExit(1)", encoding="utf-8")
    assert "OrderQueue" not in Stack(Project.load(tmp_path).infrastructure.template).resources


def test_what_it_adds_carries_its_name_and_the_stages_tags(tmp_path: Path) -> None:
    template = project(tmp_path, QUEUE).infrastructure.template
    assert template.authors["OrderQueue"] == "own.extend_infrastructure"
    assert {"Key": "Stage", "Value": ref("StagePrefix")} in Stack(template).properties("OrderQueue")["Tags"]


def test_the_tasks_get_the_variable_and_the_permission(tmp_path: Path) -> None:
    stack = Stack(project(tmp_path, QUEUE).infrastructure.template)
    (container,) = stack.properties("TaskDefinition")["ContainerDefinitions"]
    assert {"Name": "ORDER_QUEUE_URL", "Value": ref("OrderQueue")} in container["Environment"]
    assert [(each["Action"], each["Resource"]) for each in stack.statements("TaskRole")] == [
        (["sqs:SendMessage"], [get_att("OrderQueue", "Arn")])
    ]


def test_the_pipeline_is_extended_and_its_roles_follow(tmp_path: Path) -> None:
    stack = Stack(project(tmp_path, QUEUE).pipeline.template)
    assert stack.outputs["Topic"]["Value"] == ref("PipelineTopic")
    assert "sqs:CreateQueue" in str(stack.resources)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def other():\n    pass", r"^own\.py: found neither function; expected a Python file that defines extend_inf"),
        ("extend_infrastructure = 3", r"^own\.py: found neither function"),
        (
            "def extend_infrastructure(:",
            r"^own\.py, line 1: found invalid syntax; expected Python\. Correct the file\.$",
        ),
        ("\nimport nothing_like_this", r"^own\.py, line 2: found ModuleNotFoundError: No module named"),
        ("def extend_infrastructure(stack):\n    stack.queue", r"^own\.py, line 2: found AttributeError: .* 'queue'"),
        ("def extend_infrastructure():\n    pass", r"^own\.py: found TypeError: .*takes 0 positional arguments"),
        ("\xff", r"^own\.py"),
    ],
)
def test_a_mistake_leads_to_its_line(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(PhoenixError, match=message) as error:
        project(tmp_path, code)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "phoenix.toml").write_text('extension = "own.py"\n', encoding="utf-8")
    with pytest.raises(PhoenixError, match=r"setting 'extension': found no file 'own\.py'; expected a Python file"):
        Project.load(tmp_path)


def test_a_path_outside_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phoenix.toml").write_text('extension = "../own.py"\n', encoding="utf-8")
    with pytest.raises(PhoenixError, match=r"relative to the folder of phoenix\.toml"):
        Project.load(tmp_path)


CACHE = """
from troposphere import GetAtt, Sub
from troposphere.dax import Cluster


def extend_infrastructure(infrastructure):
    role = infrastructure.service.task.roles.task
    infrastructure.scope.add(
        Cluster(
            "Cache",
            ClusterName=Sub("${StagePrefix}-cache"),
            IAMRoleARN=GetAtt(role, "Arn"),
            NodeType="dax.t3.small",
            ReplicationFactor=2,
        )
    )
"""
PERMISSIONS = """
[[permissions]]
type = "AWS::DAX::Cluster"
create = ["dax:CreateCluster", "dax:TagResource", "iam:PassRole"]
read = ["dax:DescribeClusters", "dax:ListTags"]
update = ["dax:UpdateCluster"]
delete = ["dax:DeleteCluster"]
"""


def test_a_type_without_permissions_in_its_schema_needs_those_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(
        PhoenixError, match=r"unknown for AWS::DAX::Cluster: .* to phoenix\.toml as \[\[permissions\]\]"
    ):
        project(tmp_path, CACHE)
    (tmp_path / "phoenix.toml").write_text(f'extension = "own.py"\n{PERMISSIONS}', encoding="utf-8")
    written = str(Stack(Project.load(tmp_path).pipeline.template).resources)
    assert "dax:CreateCluster" in written
    assert "dax:DeleteCluster" in written


@pytest.mark.parametrize("command", ["lint", "iam"])
def test_commands_on_any_template_run_no_code_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "phoenix.toml").write_text('extension = "own.py"\n', encoding="utf-8")
    (tmp_path / ".cfnlintrc").write_text("append_rules: [own.py]\n", encoding="utf-8")
    (tmp_path / "own.py").write_text("open('was_here', 'w')\n", encoding="utf-8")
    (tmp_path / "their.yml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([command, "their.yml"]) == 0
    assert not (tmp_path / "was_here").exists()


def test_the_pipeline_function_cannot_change_what_the_deploy_role_already_follows(tmp_path: Path) -> None:
    code = """
from troposphere.sns import Topic

def extend_infrastructure(infrastructure):
    global stage
    stage = infrastructure

def extend_pipeline(pipeline):
    stage.scope.add(Topic("Late"))
"""
    with pytest.raises(PhoenixError, match=r"own\.py: found a change of Infrastructure\.yml in extend_pipeline; exp"):
        project(tmp_path, code)
