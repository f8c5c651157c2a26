from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.resource_policies import allows_service, key_allows_service, key_of
from phoenix_cfn.rules._notifications import published
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TopicTakesAlarms(Rule):
    """The policy of a topic, if any, and the policy of its key allow the service that publishes to the topic:
    CloudWatch for alarms, EventBridge for event rules.

    Risk: The alarm fires, publishing fails, and no notification is sent.

    Fix: Allow cloudwatch.amazonaws.com (events.amazonaws.com) sns:Publish on the topic, and kms:Decrypt and
    kms:GenerateDataKey* on its key; do not use alias/aws/sns.
    """

    id = "E9503"
    shortdesc = "The topic allows the service that publishes to it"
    source_url = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for topic, service, _ in published(stack):
            why = f"does not let {service}.amazonaws.com publish to {topic.id}"
            key = topic["KmsMasterKeyId"]
            if (key.literal or "").endswith("alias/aws/sns"):
                yield finding(key, f"The AWS-managed key {why}")
            owner = key_of(stack, key)
            if owner is not None and key_allows_service(owner, service) is False:
                yield finding(owner["KeyPolicy"] if owner["KeyPolicy"].given else owner.here, f"{owner.id} {why}")
            for policy in stack.of("AWS::SNS::TopicPolicy"):
                document = policy["PolicyDocument"]
                named = any(stack.resource(one) is topic for one in policy["Topics"].items)
                # AWS does not document whether an account's own principals include its alarms.
                known = not any(one.at("Principal", "AWS").given for one in document["Statement"].items)
                if named and known and allows_service(document, service, ["sns:Publish"], topic) is False:
                    yield finding(document, f"{policy.id} {why}")
