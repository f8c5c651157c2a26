"""SNS and EventBridge: encrypted topics, and services that publish only where topic and key let them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from phoenix_cfn.local.aws import iam, logs, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend

_SNS = "https://docs.aws.amazon.com/sns/latest/dg"


@correction("A topic keeps its encryption key", f"{_SNS}/sns-server-side-encryption.html")
def topics_keep_their_key() -> None:
    def check(properties: dict[str, Any]) -> None:
        key = properties.get("KmsMasterKeyId")
        if key and key.rsplit("/", 1)[-1] not in ministack.kms._keys:
            raise ValueError(f"Invalid parameter: KmsMasterKeyId {key}")

    def keep(arn: str, properties: dict[str, Any]) -> None:
        ministack.sns._topics[arn]["attributes"]["KmsMasterKeyId"] = properties.get("KmsMasterKeyId", "")

    extend("AWS::SNS::Topic", before=check, after=keep)


@correction(
    "An alarm or a rule reaches a topic where the topic's policy and its encryption key let the service in",
    f"{_SNS}/sns-key-management.html",
)
def services_need_permission_to_publish() -> None:
    ministack.cloudwatch._dispatch_alarm_actions = tell_alarm_actions

    def from_rule(topic: str, payload: Any) -> None:
        publish(topic, "events.amazonaws.com", payload if isinstance(payload, str) else json.dumps(payload))

    ministack.eventbridge._dispatch_to_sns = from_rule


def tell_alarm_actions(alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
    """Publishes an alarm's change of state to the topics that it names for the new state, if its actions are on."""
    if str(alarm.get("ActionsEnabled", True)).lower() == "false":
        return
    field = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}[new]
    for topic in alarm.get(field) or []:
        message = {
            "AlarmName": alarm["AlarmName"],
            "AlarmDescription": alarm.get("AlarmDescription"),
            "AWSAccountId": ministack.account(),
            "NewStateValue": new,
            "NewStateReason": reason,
            "OldStateValue": old,
            "Region": ministack.region(),
        }
        publish(topic, "cloudwatch.amazonaws.com", json.dumps(message), f'{new}: "{alarm["AlarmName"]}"'[:100])


def publish(topic: str, service: str, message: str, subject: str = "") -> bool:
    """Publishes on a service's behalf. Returns whether that was allowed; if not, the log says why."""
    record = ministack.sns._topics.get(topic)
    attributes = (record or {}).get("attributes", {})
    key = attributes.get("KmsMasterKeyId")
    problem = ""
    if record is None:
        problem = "there is no such topic"
    elif not iam.document_allows(attributes["Policy"], service, "sns:Publish"):
        problem = "the topic's policy does not allow it"
    elif key and not all(logs.key_allows(key, service, each, {}) for each in ("kms:Decrypt", "kms:GenerateDataKey")):
        problem = "the policy of the topic's key does not allow it"
    if problem:
        print(f"{service} cannot publish to {topic}: {problem}", flush=True)
        return False
    ministack.sns._fanout(topic, str(uuid.uuid4()), message, subject)
    return True
