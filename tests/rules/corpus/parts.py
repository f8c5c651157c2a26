"""What changes of several families share."""

from __future__ import annotations

from typing import Any

from tests.rules.house import Template, add, att, permit, put, ref, remove

CONTAINER = "TaskDefinition/ContainerDefinitions/0"
REQUESTS = "RequestScalingPolicy/TargetTrackingScalingPolicyConfiguration"
DEPLOY = "Pipeline/Stages/2/Actions/0"
OVERRIDES = f"{DEPLOY}/Configuration/ParameterOverrides"
STEP: Template = {
    "PolicyName": "step",
    "PolicyType": "StepScaling",
    "ScalingTargetId": ref("ScalableTarget"),
    "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity"},
}
REQUEST_ALARM: Template = {
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "RequestCount",
    "Dimensions": [{"Name": "LoadBalancer", "Value": att("LoadBalancer", "LoadBalancerFullName")}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 600,
    "AlarmActions": [ref("Steps")],
}
COUNTED = f"{REQUESTS}/CustomizedMetricSpecification/Metrics"
RATE = f"{COUNTED}/2/Expression"


def counted(identifier: str, metric: str = "RequestCountPerTarget", **more: Any) -> Template:
    """A query for a metric of the target group."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": att("LoadBalancer", "LoadBalancerFullName")},
        {"Name": "TargetGroup", "Value": att("TargetGroup", "TargetGroupFullName")},
    ]
    used = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": identifier, "ReturnData": False, "MetricStat": {"Stat": "Sum", "Metric": used, **more}}


def computed(expression: str, identifier: str = "result") -> Template:
    return {"Id": identifier, "Expression": expression, "ReturnData": True}


FILLED_ALARM: Template = {
    **{key: REQUEST_ALARM[key] for key in ("EvaluationPeriods", "ComparisonOperator", "AlarmActions")},
    "Metrics": [counted("m1", Period=60), computed("FILL(m1, 0) / 60")],
    "Threshold": 10,
}
BY_STEPS = (remove("RequestScalingPolicy"), add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP))
UNSCALED = remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy")
BY_RULE = (
    permit("DeployRole", "elasticloadbalancing:CreateRule"),
    put("Listener/DefaultActions", [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]),
    add(
        "Everything",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ListenerArn=ref("Listener"),
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": ref("TargetGroup")}],
    ),
)
