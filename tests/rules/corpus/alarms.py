"""Faults and near misses: alarms that watch something, fire in time, and reach a person."""

from __future__ import annotations

from tests.rules.corpus.parts import BY_STEPS, FILLED_ALARM, OVERRIDES, RATE, UNSCALED, computed, counted
from tests.rules.house import Case, Change, add, att, drop, fault, file, near_miss, put, ref, remove, sub, swap

ERRORS = "ServerErrorAlarm/Metrics/0/Expression"
FILLED = "FILL(tasks, 0) + FILL(elb, 0) - FILL(requests, 0) / 20"


def patient(needed: int, periods: int) -> tuple[Change, Change]:
    """So many datapoints out of so many set off the alarm on errors."""
    return put("ServerErrorAlarm/DatapointsToAlarm", needed), put("ServerErrorAlarm/EvaluationPeriods", periods)


CASES: list[Case] = [
    fault(
        "E9501 E9506", "the CPU alarm has no action", drop("CpuPeakAlarm/AlarmActions"), drop("CpuPeakAlarm/OKActions")
    ),
    fault("E9501 E9506", "the actions of the CPU alarm are switched off", put("CpuPeakAlarm/ActionsEnabled", False)),
    near_miss(
        "E9501",
        "an alarm without an action that a deployment watches",
        drop("ServerErrorAlarm/AlarmActions"),
        drop("ServerErrorAlarm/OKActions"),
    ),
    fault("E9501", "an alarm acts only when it returns to OK", drop("TooFewTasksAlarm/AlarmActions")),
    fault("E9502", "the topic has no subscriber", remove("AlarmTopicEmailSubscription")),
    near_miss(
        "E9502",
        "the subscription is written in the topic",
        remove("AlarmTopicEmailSubscription"),
        put(
            "AlarmTopic/Subscription",
            {
                "Fn::If": [
                    "HasNotificationEmail",
                    [{"Protocol": "email", "Endpoint": ref("NotificationEmail")}],
                    ref("AWS::NoValue"),
                ]
            },
        ),
    ),
    near_miss(
        "E9502",
        "the alarms go to a topic outside the template",
        put("/Parameters/Topic", {"Type": "String", "Default": ""}),
        *(
            put(f"{alarm}/{key}", [ref("Topic")])
            for alarm in (
                "CpuPeakAlarm",
                "DatabaseCpuPeakAlarm",
                "ServerErrorAlarm",
                "UnhealthyTargetsAlarm",
                "TooFewTasksAlarm",
            )
            for key in ("AlarmActions", "OKActions")
        ),
        remove("AlarmTopicEmailSubscription"),
    ),
    fault("E9502", "no subscription to notifications of failed runs", remove("PipelineTopicEmailSubscription")),
    fault("E9503", "the topic's key is AWS's", put("AlarmTopic/KmsMasterKeyId", "alias/aws/sns")),
    fault(
        "E9503",
        "the topic's key does not admit CloudWatch",
        put("EncryptionKey/KeyPolicy/Statement/2/Principal/Service", ["events.amazonaws.com"]),
    ),
    fault(
        "E9503",
        "the topic's policy does not admit CloudWatch",
        put("AlarmTopicPolicy/PolicyDocument/Statement/0/Principal/Service", ["events.amazonaws.com"]),
    ),
    near_miss(
        "E9503", "the topic has neither policy nor key", remove("AlarmTopicPolicy"), drop("AlarmTopic/KmsMasterKeyId")
    ),
    fault(
        "E9503",
        "the pipeline's topic does not admit EventBridge",
        put("PipelineTopicPolicy/PolicyDocument/Statement/0/Principal/Service", ["cloudwatch.amazonaws.com"]),
    ),
    fault("E9504", "the CPU alarm has no dimensions", drop("CpuPeakAlarm/Dimensions")),
    fault("E9504", "the CPU alarm has a dimension too few", drop("CpuPeakAlarm/Dimensions/0")),
    fault("E9504", "unhealthy targets of no target group", drop("UnhealthyTargetsAlarm/Dimensions/1")),
    fault("E9504", "unhealthy targets of no load balancer", drop("UnhealthyTargetsAlarm/Dimensions/0")),
    fault("E9504", "running tasks of no service", drop("TooFewTasksAlarm/Dimensions/1")),
    fault("E9504", "the CPU of a cluster of Fargate tasks", drop("CpuPeakAlarm/Dimensions/1")),
    near_miss(
        "E9504",
        "an alarm on a metric of one's own",
        put("UnhealthyTargetsAlarm/Namespace", "Phoenix"),
        drop("UnhealthyTargetsAlarm/Dimensions"),
    ),
    fault(
        "E9505", "the CPU alarm names the service by its ARN", put("CpuPeakAlarm/Dimensions/1/Value", ref("Service"))
    ),
    fault(
        "E9505",
        "the CPU alarm names the cluster by its ARN",
        put("CpuPeakAlarm/Dimensions/0/Value", att("Cluster", "Arn")),
    ),
    fault(
        "E9505",
        "an alarm names the load balancer by its ARN",
        put("UnhealthyTargetsAlarm/Dimensions/0/Value", ref("LoadBalancer")),
    ),
    fault("E9505", "the CPU alarm watches a service that is not there", put("CpuPeakAlarm/Dimensions/1/Value", "web")),
    near_miss(
        "E9505",
        "an alarm names the cluster by its name",
        put("CpuPeakAlarm/Dimensions/0/Value", sub("${StagePrefix}-phoenix")),
    ),
    fault("E9506", "nothing watches the CPU", remove("CpuPeakAlarm"), put("Dashboard/DashboardBody", "{}")),
    fault(
        "E9506",
        "the CPU alarm fires when the CPU is low",
        put("CpuPeakAlarm/ComparisonOperator", "LessThanThreshold"),
    ),
    near_miss(
        "E9506",
        "the alarms exist only with a notification email",
        put("CpuPeakAlarm:/Condition", "HasNotificationEmail"),
        put("Dashboard/DashboardBody", "{}"),
    ),
    near_miss(
        "E9506",
        "the CPU is watched by metric math",
        *(drop(f"CpuPeakAlarm/{key}") for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")),
        put(
            "CpuPeakAlarm/Metrics",
            [
                {
                    "Id": "cpu",
                    "MetricStat": {
                        "Stat": "Maximum",
                        "Period": 60,
                        "Metric": {
                            "Namespace": "AWS/ECS",
                            "MetricName": "CPUUtilization",
                            "Dimensions": [
                                {"Name": "ClusterName", "Value": ref("Cluster")},
                                {"Name": "ServiceName", "Value": att("Service", "Name")},
                            ],
                        },
                    },
                }
            ],
        ),
    ),
    near_miss(
        "E9506 E9601",
        "the template is a nested stack of another one",
        UNSCALED,
        remove("CpuPeakAlarm"),
        put("Dashboard/DashboardBody", "{}"),
        file(
            "templates/root.yml",
            {
                "Resources": {
                    "A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "Infrastructure.yml"}}
                }
            },
        ),
    ),
    fault("E9507", "the CPU alarm's threshold is a fraction", put("CpuPeakAlarm/Threshold", 0.8)),
    near_miss(
        "E9507",
        "a CPU of 100 percent is a peak",
        put("CpuPeakAlarm/Threshold", 100),
        put("CpuPeakAlarm/ComparisonOperator", "GreaterThanOrEqualToThreshold"),
    ),
    near_miss(
        "E9507",
        "another alarm fires when the CPU is low",
        add(
            "Idle",
            "AWS::CloudWatch::Alarm",
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Dimensions=[
                {"Name": "ClusterName", "Value": ref("Cluster")},
                {"Name": "ServiceName", "Value": att("Service", "Name")},
            ],
            Statistic="Minimum",
            Period=60,
            EvaluationPeriods=60,
            ComparisonOperator="LessThanThreshold",
            Threshold=0.5,
            AlarmActions=[ref("AlarmTopic")],
        ),
    ),
    fault(
        "W9508",
        "a peak must last ten minutes",
        put("CpuPeakAlarm/Period", 300),
        put("CpuPeakAlarm/EvaluationPeriods", 2),
        put("CpuPeakAlarm/DatapointsToAlarm", 2),
    ),
    near_miss(
        "W9508",
        "a peak of two minutes",
        put("CpuPeakAlarm/Period", 60),
        put("CpuPeakAlarm/EvaluationPeriods", 2),
        put("CpuPeakAlarm/DatapointsToAlarm", 2),
    ),
    fault("E9509 E9610", "the service publishes once a minute", drop("Service/Monitoring")),
    fault("E9509", "a fine alarm on the load balancer", put("UnhealthyTargetsAlarm/Period", 10)),
    near_miss("E9509", "an alarm of one minute", put("CpuPeakAlarm/Period", 60)),
    fault("E9510", "an address that may be empty", drop("AlarmTopicEmailSubscription:/Condition")),
    near_miss(
        "E9510",
        "an address that must be given",
        drop("AlarmTopicEmailSubscription:/Condition"),
        drop("/Conditions/HasNotificationEmail"),
        swap(OVERRIDES, "${NotificationEmail}", "ops@example.com"),
        drop("/Parameters/NotificationEmail/Default"),
    ),
    fault("E9511", "errors are filled with 0", put(ERRORS, FILLED), *patient(1, 1)),
    fault("E9511", "errors are filled with 0, three periods in a row", put(ERRORS, FILLED), *patient(3, 3)),
    fault(
        "E9511",
        "errors are filled, and the number of periods is not set",
        put(ERRORS, FILLED),
        drop("ServerErrorAlarm/DatapointsToAlarm"),
    ),
    fault("E9511", "all metrics of an alarm are filled", put(ERRORS, "SUM(FILL(METRICS(), 0))"), *patient(1, 1)),
    fault("E9511", "errors are filled with their minimum", put(ERRORS, "FILL(tasks, MIN(tasks))"), *patient(1, 1)),
    fault(
        "E9511",
        "another expression fills, with a third",
        put(ERRORS, "filled + elb"),
        put("ServerErrorAlarm/Metrics/4", {**computed("FILL(tasks, zero)", "filled"), "ReturnData": False}),
        put("ServerErrorAlarm/Metrics/5", {**computed("TIME_SERIES(0)", "zero"), "ReturnData": False}),
        *patient(1, 1),
    ),
    fault(
        "E9511",
        "a filler breaches, and one datapoint of three is enough",
        put(ERRORS, "FILL(requests, 0)"),
        put("ServerErrorAlarm/ComparisonOperator", "LessThanThreshold"),
        *patient(1, 3),
    ),
    fault(
        "E9511",
        "an anomaly band of a filled metric",
        put("ServerErrorAlarm/Metrics/0", computed("ANOMALY_DETECTION_BAND(FILL(requests, 0))", "band")),
        put("ServerErrorAlarm/ThresholdMetricId", "band"),
        put("ServerErrorAlarm/ComparisonOperator", "GreaterThanUpperThreshold"),
        drop("ServerErrorAlarm/Threshold"),
        *patient(1, 1),
    ),
    fault("E9511", "the requests that scale are filled", put(RATE, "FILL(requests, 0) / 60")),
    fault(
        "E9511",
        "the filler of the requests that scale is a parameter's",
        put(RATE, sub("FILL(requests, ${MinRunningTasks}) / 60")),
    ),
    fault(
        "E9511",
        "the alarm that adds tasks fills",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **FILLED_ALARM),
    ),
    fault(
        "E9511",
        "a forecast fills",
        add(
            "Forecast",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="forecast",
            PolicyType="PredictiveScaling",
            ScalingTargetId=ref("ScalableTarget"),
            PredictiveScalingPolicyConfiguration={
                "MetricSpecifications": [
                    {
                        "TargetValue": 50,
                        "CustomizedLoadMetricSpecification": {
                            "MetricDataQueries": [counted("load", "RequestCount"), computed("FILL(load, 0)")]
                        },
                    }
                ]
            },
        ),
    ),
    fault(
        "E9511",
        "an Auto Scaling group scales on a filled metric",
        add(
            "GroupPolicy",
            "AWS::AutoScaling::ScalingPolicy",
            AutoScalingGroupName="group",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "TargetValue": 10,
                "CustomizedMetricSpecification": {"Metrics": [counted("m"), computed("FILL(m, 0) / 60")]},
            },
        ),
    ),
    near_miss("E9511", "errors are filled, and two datapoints of five are enough", put(ERRORS, FILLED)),
    near_miss(
        "E9511",
        "a filler breaches, and two datapoints of five are enough",
        put(ERRORS, "FILL(requests, 0)"),
        put("ServerErrorAlarm/ComparisonOperator", "LessThanThreshold"),
    ),
    near_miss("E9511", "the last value is repeated", put(ERRORS, "FILL(tasks, REPEAT)"), *patient(1, 1)),
    near_miss("E9511", "gaps are interpolated", put(ERRORS, "FILL(tasks, LINEAR)"), *patient(1, 1)),
    near_miss("E9511", "errors are filled with another metric", put(ERRORS, "FILL(tasks, elb)"), *patient(1, 1)),
    near_miss(
        "E9511",
        "a metric of one's own is filled",
        put("ServerErrorAlarm/Metrics/2/MetricStat/Metric", {"Namespace": "Shop", "MetricName": "Failures"}),
        put(ERRORS, "FILL(tasks, 0) + elb"),
        *patient(1, 1),
    ),
    near_miss(
        "E9511",
        "the filled metric is not watched",
        put("ServerErrorAlarm/Metrics/4", {**computed("FILL(tasks, 0)", "filled"), "ReturnData": False}),
        *patient(1, 1),
    ),
]
