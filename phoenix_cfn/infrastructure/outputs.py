"""The outputs of the stack, such as the URL of the application."""

from __future__ import annotations

from troposphere import GetAtt, Output, Ref, Sub
from troposphere.cloudwatch import Dashboard
from troposphere.sns import Topic

from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.service import Service
from phoenix_cfn.scope import Scope, part


@part
def outputs(scope: Scope, load_balancing: LoadBalancing, service: Service, topic: Topic, dashboard: Dashboard) -> None:
    """The outputs. None of them contains a secret or a reference to one."""
    for title, description, value in (
        ("ApplicationUrl", "URL of the application", _url(scope, load_balancing)),
        (
            "DashboardUrl",
            "CloudWatch dashboard",
            Sub(
                "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
                f"#dashboards/dashboard/${{{dashboard.title}}}"
            ),
        ),
        ("LogGroupName", "Log group of the tasks", Ref(service.task.log_group)),
        ("ClusterName", "ECS cluster", Ref(service.cluster)),
        ("ServiceName", "ECS service", GetAtt(service.service, "Name")),
        ("AlarmTopicArn", "SNS topic of the alarms, for further subscriptions", Ref(topic)),
    ):
        scope.template.add_output(Output(title, Description=description, Value=value))


def _url(scope: Scope, load_balancing: LoadBalancing) -> Sub:
    """The URL; with an existing certificate, its domain is an alias of the same load balancer."""
    protocol = "http" if scope.settings.load_balancer.https == "off" else "https"
    domain = scope.parameters.domain_name
    host = f"{load_balancing.load_balancer.title}.DNSName" if domain is None else domain.title
    return Sub(f"{protocol}://${{{host}}}")
