"""The role is for earlier templates, too: resources that stages may still have can be read, updated and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.iam import library
from phoenix_cfn.iam.deploy import deploy_permissions
from phoenix_cfn.iam.earlier import Earlier, RecordError
from phoenix_cfn.iam.footprint import Footprint
from phoenix_cfn.iam.resources import Template
from phoenix_cfn.iam.statements import Permission
from phoenix_cfn.pipeline import deployed
from phoenix_cfn.project import RECORD_FILE

VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
    "AWS::StackName": "dev-shop",
}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dev-orders"}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "dev-news"}}


def role(action: str = "sqs:SendMessage", resource: Any = "arn:aws:sqs:::dev-orders", **properties: Any) -> Any:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}
    statement = {"Sid": "Use", "Effect": "Allow", "Action": action, "Resource": resource}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust,
            "Path": "/dev-shop/",
            "Policies": [{"PolicyDocument": {"Statement": statement}}],
            **properties,
        },
    }


def earlier(**resources: Any) -> Earlier:
    return Earlier.of({"Resources": resources}, VALUES)


def allowed(before: Earlier, **resources: Any) -> dict[str, Permission]:
    """By action, what a role may do that is derived from a template after another one."""
    found = deploy_permissions({"Resources": resources}, VALUES, before.footprint)
    return {action: each for each in found for action in each.actions}


def test_what_the_template_no_longer_has_is_read_updated_and_deleted_but_not_created() -> None:
    found = allowed(earlier(Queue=QUEUE), Topic=TOPIC)
    for action in ("sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:GetQueueAttributes", "sqs:UntagQueue"):
        assert found[action].resources == ("arn:aws:sqs:eu-west-1:111122223333:dev-orders",)
    assert "sqs:CreateQueue" not in found
    assert "sns:CreateTopic" in found
    assert "sqs:DeleteQueue" not in allowed(Earlier(), Topic=TOPIC)


def test_the_name_that_it_had_before_is_known() -> None:
    renamed = {**QUEUE, "Properties": {"QueueName": "dev-baskets"}}
    found = allowed(earlier(Queue=QUEUE), Queue=renamed)["sqs:DeleteQueue"]
    assert found.resources == (
        "arn:aws:sqs:eu-west-1:111122223333:dev-baskets",
        "arn:aws:sqs:eu-west-1:111122223333:dev-orders",
    )


@pytest.mark.parametrize(
    ("property_", "value", "action"),
    [
        # Removed by the update, and restored by its rollback.
        ("ManagedPolicyArns", ["arn:aws:iam::aws:policy/x"], "iam:DetachRolePolicy"),
        ("ManagedPolicyArns", ["arn:aws:iam::aws:policy/x"], "iam:AttachRolePolicy"),
        ("PermissionsBoundary", "arn:b", "iam:PutRolePermissionsBoundary"),
    ],
)
def test_a_removed_property_can_be_undone_and_restored(property_: str, value: Any, action: str) -> None:
    template = Template({"Resources": {"Role": role(**{property_: value})}}, VALUES)
    before = Earlier(Footprint.of(template))
    assert action in allowed(before, Role=role())
    assert action not in allowed(Earlier(), Role=role())


def test_roles_are_passed_to_the_services_of_before() -> None:
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}}
    scheduler = role()
    scheduler["Properties"]["AssumeRolePolicyDocument"] = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}}]
    }
    found = deploy_permissions(
        {"Resources": {"Role": role(), "Task": task}}, VALUES, earlier(Role=scheduler, Task=task).footprint
    )
    passed = {
        each.conditions["StringEquals"]["iam:PassedToService"] for each in found if "iam:PassRole" in each.actions
    }
    assert passed == {("ecs-tasks.amazonaws.com",), ("scheduler.amazonaws.com",)}


def test_secrets_that_the_template_of_before_refers_to_are_read() -> None:
    """A rollback fills in the old template again."""
    before = {**TOPIC, "Properties": {"DisplayName": "{{resolve:secretsmanager:old:SecretString:x}}"}}
    found = allowed(earlier(Topic=before), Topic=TOPIC)
    assert found["secretsmanager:GetSecretValue"].resources == (
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-??????",
    )


def test_many_names_that_differ_in_a_number_are_one_pattern() -> None:
    queues = {f"Queue{n}": {**QUEUE, "Properties": {"QueueName": f"dev-orders-{n}"}} for n in range(1, 12)}
    place = "arn:aws:sqs:eu-west-1:111122223333:dev-orders-"
    assert allowed(earlier(**queues), Queue1=queues["Queue1"])["sqs:DeleteQueue"].resources == (
        f"{place}?",
        f"{place}??",
    )
    two = {name: queues[name] for name in ("Queue1", "Queue2")}
    assert allowed(earlier(**two), Topic=TOPIC)["sqs:DeleteQueue"].resources == (f"{place}1", f"{place}2")


def test_tags_that_differ_are_no_condition() -> None:
    def key(stage: str) -> dict[str, Any]:
        tags = [{"Key": "Project", "Value": "shop"}, {"Key": "Team", "Value": stage}]
        return {"Type": "AWS::KMS::Key", "Properties": {"Tags": tags}}

    found = allowed(earlier(Key=key("one")), Key=key("two"))["kms:ScheduleKeyDeletion"]
    assert found.conditions == {"StringEqualsIfExists": {"aws:ResourceTag/Project": ("shop",)}}


def test_the_record_is_read_back_as_it_was_written() -> None:
    found = earlier(Queue=QUEUE, Role=role(), Topic={**TOPIC, "Properties": {"DisplayName": "{{resolve:ssm:x}}"}})
    text = found.to_json()
    again = Earlier.from_json(text)
    assert again.to_json() == text
    assert again - found == Earlier()
    assert not found - again


def test_the_record_has_only_what_is_new() -> None:
    both, one = earlier(Queue=QUEUE, Topic=TOPIC), earlier(Topic=TOPIC)
    assert set((both - one).footprint.types()) == {"AWS::SQS::Queue"}
    assert not one - both
    wider = earlier(Role=role("sqs:*"))
    assert [each.actions for each in (wider - earlier(Role=role())).roles] == [("sqs:*",)]


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD\n{}", "[]", '{"resources": 1}', '{"queues": {}}'])
def test_a_record_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "deployed.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"deployed\.json: found .*; expected .* After a merge, keep"):
        Earlier.read(path)


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert Earlier.read(tmp_path / "deployed.json") == Earlier()


# Settings that change what is deployed, or might; the library's record must cover every one of them.
_ANY = st.fixed_dictionaries(
    {
        "pipeline": st.fixed_dictionaries(
            {"source": st.sampled_from(["github-oauth", "github-connection", "codecommit"])}
        ),
        "service": st.fixed_dictionaries(
            {
                "container_port": st.sampled_from([1024, 8080]),
                "workers": st.sampled_from([1, 64]),
                "cpu_architecture": st.sampled_from(["X86_64", "ARM64"]),
            }
        ),
        "scaling": st.fixed_dictionaries(
            {
                "min_tasks": st.sampled_from([1, 2]),
                "max_tasks": st.sampled_from([2, 10]),
                "tasks_limit": st.sampled_from([10, 40]),
            }
        ),
        "retention": st.fixed_dictionaries({"days": st.sampled_from([1, 30])}),
        "database": st.one_of(
            st.fixed_dictionaries({"instances": st.integers(1, 16)}),
            st.fixed_dictionaries({"kind": st.sampled_from(["external", "none"])}),
        ),
        "network": st.fixed_dictionaries({"vpc_cidr": st.sampled_from(["10.0.0.0/16", "192.168.0.0/22"])}),
    }
).map(Settings.of)


@given(_ANY)
def test_the_library_covers_what_it_writes_under_any_settings(settings: Settings) -> None:
    """Where this fails, run `python -m phoenix_cfn.cli.library`. A fork's own is on the fork's record."""
    written = deployed.left_by(settings, infrastructure.template(settings).to_dict())
    own = Earlier.read(Path(__file__).parents[2] / RECORD_FILE)
    assert not written - own - deployed.of_the_library(settings)


def test_what_few_forks_have_is_on_their_own_record() -> None:
    settings = Settings.of({"load_balancer": {"https": "domain"}})
    stage = infrastructure.build(settings)
    record = pipeline.build(settings, stage.template).deployed
    assert "AWS::CertificateManager::Certificate" in record.footprint.types()
    assert "AWS::CertificateManager::Certificate" not in deployed.of_the_library(settings).footprint.types()
    # After HTTPS is switched off, the release deletes the certificate by that record.
    after = pipeline.build(Settings(), recorded=Earlier.from_json(record.to_json())).template.to_dict()
    assert "acm:DeleteCertificate" in json.dumps(after)
    assert "acm:RequestCertificate" not in json.dumps(after)
    # The parameter with the hosted zone is gone: nothing refers to it.
    assert "${HostedZoneId}" not in json.dumps(after)


@pytest.mark.parametrize("changed", sorted(deployed.choices()))
def test_every_choice_is_a_setting(changed: tuple[str, str]) -> None:
    group, name = changed
    assert hasattr(getattr(Settings(), group), name)


def test_the_library_names_no_service() -> None:
    text = library.section(library.EARLIER)
    assert "phoenix" not in text
    assert "name-of-the-service" not in text
    assert json.loads(text)["tags"] == {"Project": "{service}", "Stage": "${StagePrefix}"}
