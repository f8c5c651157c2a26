from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._notifications import published, subscribed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TopicHeard(Rule):
    """A topic of the template that an alarm or an event rule publishes to has a subscription, at least for some values
    of the parameters.

    Risk: The alarm fires, or the pipeline fails, and no notification is delivered.

    Fix: Add an email subscription whose address is a parameter.
    """

    id = "E9502"
    shortdesc = "The topic of an alarm has a subscription"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"
    tags = ["R4", "alarms"]
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for topic, _, who in published(stack):
            if not subscribed(stack, topic) and not stack.shared(topic):
                yield finding(topic.here, f"{topic.id}, which {who} publishes to, has no subscription")
