"""The corrections of SNS and EventBridge."""

from __future__ import annotations

import time
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually
from tests.deployment.subscriber import subscriber
from tests.local.aws.lab import Lab, allow
from tests.local.aws.test_logs import key

SERVICE = {"Service": "cloudwatch.amazonaws.com"}


def alarm(**properties: Any) -> dict[str, Any]:
    """On a metric of the lab; everything above 1 rings it."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "Lab",
            "MetricName": "Load",
            "Dimensions": [{"Name": "Of", "Value": "this"}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            **properties,
        },
    }


def topic(*, policy: bool, key_use: bool) -> dict[str, Any]:
    use = [{**allow("kms:Decrypt", "kms:GenerateDataKey*"), "Principal": SERVICE}] if key_use else []
    statement = {
        **allow("sns:Publish", resource={"Ref": "Topic"}),
        "Principal": SERVICE if policy else {"Service": "x"},
    }
    return {
        "Key": key(*use),
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
        "Alarm": alarm(AlarmActions=[{"Ref": "Topic"}], TreatMissingData="breaching"),
    }


def test_topics_keep_their_key(lab: Lab, aws: LocalAws) -> None:
    outputs = lab.deploy(topic(policy=True, key_use=True), {"Topic": {"Ref": "Topic"}})
    attributes = aws.client("sns").get_topic_attributes(TopicArn=outputs["Topic"])["Attributes"]
    assert ":key/" in attributes["KmsMasterKeyId"]


@pytest.mark.parametrize(
    ("policy", "key_use", "problem"),
    [(True, True, ""), (False, True, "topic's policy"), (True, False, "topic's key")],
    ids=["both", "no policy", "no key"],
)
def test_services_need_permission_to_publish(
    lab: Lab, aws: LocalAws, policy: bool, key_use: bool, problem: str
) -> None:
    resources = topic(policy=policy, key_use=key_use)
    wanted = resources.pop("Alarm")
    outputs = lab.deploy(resources, {"Topic": {"Ref": "Topic"}})
    with subscriber(aws, outputs["Topic"]) as messages:
        wanted["Properties"]["AlarmActions"] = [outputs["Topic"]]
        lab.deploy({"Alarm": wanted})
        if problem:
            line = f"cannot publish to {outputs['Topic']}: the policy of the {problem}" if "key" in problem else problem
            eventually(lambda: line in aws.log(), 20, f"the log says: {line}")
            time.sleep(0.2)
            assert messages() == []
        else:
            eventually(messages, 20, "a message of the alarm")
