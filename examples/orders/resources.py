"""The queue that the orders wait in."""

from __future__ import annotations

from awacs import sqs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref
from troposphere.sqs import Queue

from phoenix_cfn.infrastructure import Infrastructure


def extend_infrastructure(infrastructure: Infrastructure) -> None:
    task = infrastructure.service.task
    queue = infrastructure.scope.add(
        Queue(
            "OrderQueue",
            SqsManagedSseEnabled=True,
            # Seconds: four days.
            MessageRetentionPeriod=345_600,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )
    task.set_variable("QUEUE_URL", Ref(queue))
    actions = [sqs.SendMessage, sqs.ReceiveMessage, sqs.DeleteMessage]
    task.allow(Statement(Sid="Orders", Effect=Allow, Action=actions, Resource=[GetAtt(queue, "Arn")]))
