"""Faults and near misses: scaling with the requests."""

from __future__ import annotations

from tests.rules.corpus.parts import (
    BY_RULE,
    BY_STEPS,
    COUNTED,
    DEPLOY,
    FILLED_ALARM,
    RATE,
    REQUEST_ALARM,
    REQUESTS,
    STEP,
    UNSCALED,
    computed,
    counted,
)
from tests.rules.house import (
    Case,
    Template,
    add,
    att,
    deploying,
    drop,
    fault,
    file,
    near_miss,
    put,
    ref,
    remove,
    sub,
    swap,
)

PREDEFINED: Template = {
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": sub("${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}"),
    },
    "TargetValue": 600,
}

CASES: list[Case] = [
    fault("E9601", "nothing scales the service", remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy")),
    fault("E9601", "nothing scales by requests", remove("RequestScalingPolicy")),
    near_miss(
        "E9601",
        "the service's name is exported, so that others may scale it",
        remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy"),
        put("/Outputs/ServiceName/Export", {"Name": sub("${StagePrefix}-scaled")}),
    ),
    near_miss(
        "E9601",
        "a nested stack scales the service",
        UNSCALED,
        add(
            "Scaling",
            "AWS::CloudFormation::Stack",
            TemplateURL="https://bucket.s3.amazonaws.com/scaling.yml",
            Parameters={"Service": att("Service", "Name")},
        ),
    ),
    fault(
        "E9601",
        "nothing scales the service, and another template is a nested stack",
        UNSCALED,
        file(
            "templates/root.yml",
            {
                "Resources": {
                    "A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "My-Infrastructure.yml"}}
                }
            },
        ),
    ),
    near_miss(
        "E9601",
        "a macro may scale the service",
        UNSCALED,
        put("/Transform", ["Company::Scaling"]),
        put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND"),
    ),
    near_miss(
        "E9601",
        "an included file may scale the service",
        UNSCALED,
        put("/Resources/Fn::Transform", {"Name": "AWS::Include"}),
    ),
    fault(
        "E9601",
        "nothing scales the service, and AWS's own macro adds nothing",
        UNSCALED,
        put("/Transform", "AWS::LanguageExtensions"),
        put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND"),
    ),
    near_miss(
        "E9601",
        "the listener is in another stack",
        UNSCALED,
        *BY_RULE,
        remove("Listener"),
        put("/Parameters/ListenerArn", {"Type": "String", "Default": ""}),
        put("Everything/ListenerArn", ref("ListenerArn")),
        put("Service:/DependsOn", ["Everything"]),
    ),
    fault("E9602", "10 requests a minute", put(REQUESTS, {**PREDEFINED, "TargetValue": 10})),
    fault("E9602", "600 requests a second", put(f"{REQUESTS}/TargetValue", 600)),
    fault("E9602", "10,000 requests a minute", put(REQUESTS, {**PREDEFINED, "TargetValue": 10000})),
    near_miss("E9602", "600 requests a minute", put(REQUESTS, PREDEFINED)),
    fault("E9602", "10 requests a minute, by metric math", put(RATE, "requests + 0 * healthy")),
    fault("E9602", "10 requests a minute, of two target groups", put(RATE, "SUM([requests, 0 * healthy])")),
    fault("E9602", "600 requests a second, by metric math", put(RATE, "requests / 3600")),
    *(
        near_miss("E9602", f"10 requests a second: {expression}", put(RATE, expression))
        for expression in (
            "requests / 60 + 0 * healthy",
            "requests / PERIOD(requests)",
            "IF(requests > 0, requests, 0 * healthy) / 60",
            'SUM(METRICS("requests")) / 60',
            "RATE(requests)",
        )
    ),
    near_miss(
        "E9602",
        "10 requests a second and task: all requests by all healthy tasks",
        put(f"{COUNTED}/0/MetricStat/Metric/MetricName", "RequestCount"),
        put(RATE, "requests / healthy / 60"),
    ),
    near_miss(
        "E9602",
        "10 requests a second, to one target group or the other",
        put(COUNTED, [counted("blue"), counted("green"), computed("(blue + green) / 60")]),
    ),
    near_miss(
        "E9602",
        "an alarm at 10 requests a second adds a task",
        *BY_STEPS,
        add(
            "Requests",
            "AWS::CloudWatch::Alarm",
            **{**FILLED_ALARM, "Metrics": [counted("m1", Period=60), computed("m1 / 60")]},
        ),
    ),
    fault(
        "E9602",
        "an alarm at 10 requests a minute, by metric math, adds a task",
        *BY_STEPS,
        add(
            "Requests",
            "AWS::CloudWatch::Alarm",
            **{**FILLED_ALARM, "Metrics": [counted("m1", Period=60), computed("m1 + 0")]},
        ),
    ),
    fault(
        "E9602",
        "an alarm at 10 requests a minute adds a task",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **{**REQUEST_ALARM, "Threshold": 10}),
    ),
    near_miss(
        "E9602",
        "an alarm at 600 requests a minute adds a task",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **REQUEST_ALARM),
    ),
    fault(
        "E9602",
        "requests a minute against a target a second",
        swap(f"{REQUESTS}/CustomizedMetricSpecification", " / 60", ""),
    ),
    fault(
        "E9603",
        "requests are averaged",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **{**REQUEST_ALARM, "Statistic": "Average"}),
    ),
    fault(
        "E9603",
        "the scaling metric is averaged",
        put(f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Stat", "Average"),
    ),
    near_miss("E9603", "another metric is averaged", put("UnhealthyTargetsAlarm/Statistic", "Average")),
    fault(
        "E9604",
        "the label has ARNs",
        put(REQUESTS, PREDEFINED),
        swap(f"{REQUESTS}/PredefinedMetricSpecification", ".LoadBalancerFullName", ""),
    ),
    fault(
        "E9604",
        "there is no label",
        put(REQUESTS, PREDEFINED),
        drop(f"{REQUESTS}/PredefinedMetricSpecification/ResourceLabel"),
    ),
    fault(
        "E9604",
        "the label is another target group's",
        put(REQUESTS, PREDEFINED),
        add(
            "Other",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            TargetType="ip",
            VpcId=ref("Vpc"),
            Port=80,
            Protocol="HTTP",
        ),
        swap(f"{REQUESTS}/PredefinedMetricSpecification", "TargetGroup.", "Other."),
    ),
    near_miss(
        "E9604",
        "the label is joined",
        put(REQUESTS, PREDEFINED),
        put(
            f"{REQUESTS}/PredefinedMetricSpecification/ResourceLabel",
            {
                "Fn::Join": [
                    "/",
                    [att("LoadBalancer", "LoadBalancerFullName"), att("TargetGroup", "TargetGroupFullName")],
                ]
            },
        ),
    ),
    fault(
        "E9605",
        "the scalable target is the service's ARN",
        put("ScalableTarget/ResourceId", sub("service/${Cluster}/${Service}")),
    ),
    fault(
        "E9605",
        "the scalable target is another service",
        put("Service/ServiceName", "phoenix"),
        put("ScalableTarget/ResourceId", sub("service/${Cluster}/web")),
    ),
    near_miss(
        "E9605",
        "the scalable target is named",
        put("Service/ServiceName", sub("${StagePrefix}-web")),
        put("ScalableTarget/ResourceId", sub("service/${StagePrefix}-phoenix/${StagePrefix}-web")),
    ),
    fault("E9606", "no range to scale in", put("ScalableTarget/MaxCapacity", ref("MinRunningTasks"))),
    fault("E9606", "scaling in to no task", put("ScalableTarget/MinCapacity", 0)),
    near_miss(
        "E9606", "the bounds are literals", put("ScalableTarget/MinCapacity", 2), put("ScalableTarget/MaxCapacity", "3")
    ),
    fault(
        "E9607",
        "the scaling metric has no dimensions",
        drop(f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric/Dimensions"),
    ),
    fault(
        "E9607",
        "the scaling metric names the target group by its ARN",
        put(
            f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric/Dimensions/1/Value",
            ref("TargetGroup"),
        ),
    ),
    near_miss(
        "E9607",
        "a scaling metric of one's own",
        put(
            f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric",
            {"Namespace": "Phoenix", "MetricName": "Requests"},
        ),
        add(
            "Also",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="also",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref("ScalableTarget"),
            TargetTrackingScalingPolicyConfiguration=PREDEFINED,
        ),
    ),
    fault(
        "E9608", "no alarm starts the step policy", add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP)
    ),
    near_miss(
        "E9608",
        "an alarm starts the step policy",
        add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP),
        add("More", "AWS::CloudWatch::Alarm", **REQUEST_ALARM),
    ),
    fault(
        "E9609",
        "a CPU target of half a percent",
        put("CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/TargetValue", 0.5),
    ),
    near_miss(
        "E9609",
        "a CPU target of 90 percent",
        put("CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/TargetValue", 90),
    ),
    near_miss(
        "E9610",
        "the metric of one minute",
        drop("Service/Monitoring"),
        put("CpuPeakAlarm/Period", 60),
        put(
            "CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/PredefinedMetricType",
            "ECSServiceAverageCPUUtilization",
        ),
    ),
    fault(
        "E9611",
        "blue/green with the wrong metric",
        deploying("blue-green"),
        put(REQUESTS, PREDEFINED),
    ),
    near_miss("E9611", "blue/green with metric math", deploying("blue-green")),
]
