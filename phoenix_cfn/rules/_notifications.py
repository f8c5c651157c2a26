"""The publishers of topics, and their subscriptions."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack

from ._metrics import POLICY, alarms


def subscribed(stack: Stack, topic: Resource) -> bool:
    """Whether a topic has a subscription."""
    if topic["Subscription"].items:
        return True
    listeners = stack.of("AWS::SNS::Subscription")
    if any(stack.resource(one["TopicArn"], "AWS::SNS::Topic") in (topic, None) for one in listeners):
        return True
    chats = stack.of("AWS::Chatbot::SlackChannelConfiguration", "AWS::Chatbot::MicrosoftTeamsChannelConfiguration")
    return any(stack.resource(arn) is topic for chat in chats for arn in chat["SnsTopicArns"].items)


def alarm_actions(alarm: Resource) -> list[Node]:
    return alarm["AlarmActions"].items


def published(stack: Stack) -> list[tuple[Resource, str, str]]:
    """The topics of the template that AWS publishes to: the topic, the service, and the alarm or rule."""
    found: dict[tuple[str, str], tuple[Resource, str, str]] = {}
    for alarm in alarms(stack):
        for node in alarm_actions(alarm):
            _note(found, stack.resource(node, "AWS::SNS::Topic"), "cloudwatch", alarm)
    for rule in stack.of("AWS::Events::Rule"):
        for target in rule["Targets"].items:
            _note(found, stack.resource(target["Arn"], "AWS::SNS::Topic"), "events", rule)
    return list(found.values())


def _note(
    found: dict[tuple[str, str], tuple[Resource, str, str]], topic: Resource | None, by: str, who: Resource
) -> None:
    if topic is not None:
        found.setdefault((topic.id, by), (topic, by, who.id))


def notifies(stack: Stack, alarm: Resource) -> bool:
    """Whether an alarm may notify a person: it has an action that is not a scaling policy of the template."""
    return (
        any(stack.resource(node, POLICY) is None for node in alarm_actions(alarm)) and not alarm["ActionsEnabled"].false
    )


def steers_scaling(stack: Stack, alarm: Resource) -> bool:
    """Whether an alarm is for scaling only."""
    return bool(alarm_actions(alarm)) and not notifies(stack, alarm)
