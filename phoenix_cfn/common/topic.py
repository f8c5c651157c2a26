"""An SNS topic for notifications, with an email subscription."""

from __future__ import annotations

from awacs import sns as sns_actions
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import GetAtt, Ref
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from phoenix_cfn.parameters.stage import NOTIFIED
from phoenix_cfn.scope import Scope, part


@part
def notification_topic(scope: Scope, title: str, publisher: str) -> Topic:
    """A topic that allows only `publisher` (a service such as `cloudwatch`) to publish.

    The subscription exists if NotificationEmail is set; AWS sends a confirmation request to the address.
    """
    # EventBridge does not send the source account when it publishes: the condition would deny every notification.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    own_account = Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId")))
    condition = {} if publisher == "events" else {"Condition": own_account}
    topic = scope.add(Topic(title, KmsMasterKeyId=GetAtt(scope.key, "Arn")))
    scope.add(
        TopicPolicy(
            f"{title}Policy",
            Topics=[Ref(topic)],
            PolicyDocument=PolicyDocument(
                Version="2012-10-17",
                Statement=[
                    Statement(
                        Effect=Allow,
                        Principal=Principal("Service", f"{publisher}.amazonaws.com"),
                        Action=[sns_actions.Publish],
                        Resource=[Ref(topic)],
                        **condition,
                    )
                ],
            ),
        )
    )
    scope.add(
        SubscriptionResource(
            f"{title}EmailSubscription",
            Condition=NOTIFIED,
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint=Ref(scope.parameters.notification_email),
        )
    )
    return topic
