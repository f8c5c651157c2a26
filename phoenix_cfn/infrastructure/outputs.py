"""What a person takes from the stack: above all the link to the application."""

from __future__ import annotations

from troposphere import GetAtt, Output, Ref, Sub
from troposphere.cloudwatch import Dashboard
from troposphere.sns import Topic

from phoenix_cfn.infrastructure.load_balancer import Entrance
from phoenix_cfn.infrastructure.service import RunningService
from phoenix_cfn.template import StageTemplate


def outputs(
    template: StageTemplate, entrance: Entrance, running: RunningService, topic: Topic, dashboard: Dashboard
) -> None:
    """Nothing here is a secret, or leads to one."""
    for title, description, value in (
        ("ApplicationUrl", "The running application", Sub(f"http://${{{entrance.load_balancer.title}.DNSName}}")),
        (
            "DashboardUrl",
            "The dashboard in the CloudWatch console",
            Sub(
                "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
                f"#dashboards/dashboard/${{{dashboard.title}}}"
            ),
        ),
        ("LogGroupName", "Where the tasks log to", Ref(running.log_group)),
        ("ClusterName", "The ECS cluster", Ref(running.cluster)),
        ("ServiceName", "The ECS service", GetAtt(running.service, "Name")),
        ("AlarmTopicArn", "The topic that tells of alarms; subscribe to it what else should know", Ref(topic)),
    ):
        template.add_output(Output(title, Description=description, Value=value))
