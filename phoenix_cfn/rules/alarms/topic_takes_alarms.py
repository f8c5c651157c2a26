"""E9503: The topic takes what CloudWatch publishes."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, topics
from phoenix_cfn.rules._policies import key_of, service_admitted
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TopicTakesAlarms(Rule):
    """The topic of an alarm lets CloudWatch publish: by its policy, where it has one, and by the policy of its
    key.

    Risk: The alarm goes off, its action fails, and nobody hears.

    Fix: Allow cloudwatch.amazonaws.com sns:Publish on the topic, and kms:Decrypt and kms:GenerateDataKey* on
    its key; do not use alias/aws/sns.
    """

    id = "E9503"
    shortdesc = "The topic takes what CloudWatch publishes"
    source_url = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        seen: set[str] = set()
        for alarm in alarms(stack):
            for _, topic in topics(stack, alarm):
                if topic.id in seen:
                    continue
                seen.add(topic.id)
                key = topic["KmsMasterKeyId"]
                if (key.literal or "").endswith("alias/aws/sns"):
                    yield finding(key, f"CloudWatch may not use the AWS-managed key of {topic.id}")
                owner = key_of(stack, key)
                if owner is not None and service_admitted(owner["KeyPolicy"], "cloudwatch") is False:
                    yield finding(
                        owner["KeyPolicy"], f"{owner.id} does not let cloudwatch.amazonaws.com publish to {topic.id}"
                    )
                for policy in stack.of("AWS::SNS::TopicPolicy"):
                    named = any(stack.resource(one) is topic for one in policy["Topics"].items)
                    # Whether an account's own principals include its alarms, AWS does not say.
                    known = not any(
                        one.at("Principal", "AWS").given for one in policy["PolicyDocument"]["Statement"].items
                    )
                    if named and known and service_admitted(policy["PolicyDocument"], "cloudwatch") is False:
                        yield finding(
                            policy["PolicyDocument"],
                            f"{policy.id} does not let cloudwatch.amazonaws.com publish to {topic.id}",
                        )
