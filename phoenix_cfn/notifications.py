"""Who hears of it: a topic, and the email that subscribes to it."""

from __future__ import annotations

from awacs import sns as sns_actions
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import GetAtt, Ref
from troposphere.kms import Key
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from phoenix_cfn.parameters import NOTIFIED, StageParameters
from phoenix_cfn.template import StageTemplate


def notification_topic(
    template: StageTemplate, title: str, parameters: StageParameters, key: Key, publishers: list[str]
) -> Topic:
    """A topic to which only `publishers` (services such as `cloudwatch`) of this account may publish.

    The subscription exists where an email was given; AWS asks that address to confirm it.
    """
    topic = template.add_resource(Topic(title, KmsMasterKeyId=GetAtt(key, "Arn")))
    template.add_resource(
        TopicPolicy(
            f"{title}Policy",
            Topics=[Ref(topic)],
            PolicyDocument=PolicyDocument(
                Version="2012-10-17",
                Statement=[
                    Statement(
                        Effect=Allow,
                        Principal=Principal("Service", [f"{publisher}.amazonaws.com" for publisher in publishers]),
                        Action=[sns_actions.Publish],
                        Resource=[Ref(topic)],
                        Condition=Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId"))),
                    )
                ],
            ),
        )
    )
    template.add_resource(
        SubscriptionResource(
            f"{title}EmailSubscription",
            Condition=NOTIFIED,
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint=Ref(parameters.notification_email),
        )
    )
    return topic
