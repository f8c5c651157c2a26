"""Faults and near misses: recovery from crashes, and deployments that are rolled back."""

from __future__ import annotations

from tests.rules.corpus.parts import CONTAINER, REQUESTS
from tests.rules.house import Case, Template, add, att, deploying, drop, fault, near_miss, put, ref, remove, sub, swap

CANARY, TESTED = deploying("canary"), deploying("canary", "/health")
CODEDEPLOY, TESTED_BY_CODEDEPLOY = deploying("codedeploy"), deploying("codedeploy", "/health")
BALANCED = "Service/LoadBalancers/0"
ADVANCED = f"{BALANCED}/AdvancedConfiguration"
WEIGHTED = "ProductionRule/Actions/0/ForwardConfig/TargetGroups"
PAIR = "DeploymentGroup/LoadBalancerInfo/TargetGroupPairInfoList/0"
OTHER_GROUP = add(
    "OtherTargetGroup",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    Port=8080,
    Protocol="HTTP",
    TargetType="ip",
    VpcId=ref("Vpc"),
)

_GROUP: Template = {"TargetGroupArn": ref("TargetGroup"), "Weight": 100}


CASES: list[Case] = [
    fault("E9301", "no circuit breaker", drop("Service/DeploymentConfiguration/DeploymentCircuitBreaker")),
    fault(
        "E9301",
        "the circuit breaker does not roll back",
        put("Service/DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", False),
    ),
    fault("E9302", "DesiredCount undoes scaling", put("Service/DesiredCount", ref("MinRunningTasks"))),
    near_miss(
        "E9302",
        "no scaling in this template",
        remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy"),
        put("Service/DesiredCount", 2),
        put("/Outputs/ServiceName/Export", {"Name": sub("${StagePrefix}-service")}),
    ),
    fault("E9303", "a deployment may stop all tasks", put("Service/DeploymentConfiguration/MinimumHealthyPercent", 0)),
    fault("E9303", "a deployment has no room", put("Service/DeploymentConfiguration/MaximumPercent", 100)),
    near_miss(
        "E9303",
        "a deployment replaces half of the tasks",
        put("Service/DeploymentConfiguration/MinimumHealthyPercent", 50),
        put("Service/DeploymentConfiguration/MaximumPercent", 100),
    ),
    fault(
        "E9304",
        "both subnets of the tasks are in one zone",
        put("PrivateSubnetB/AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ),
    fault("E9304", "the database has one subnet", put("DatabaseSubnetGroup/SubnetIds", [ref("IsolatedSubnetA")])),
    near_miss(
        "E9304",
        "the zones are not known",
        drop("PrivateSubnetA/AvailabilityZone"),
        drop("PrivateSubnetB/AvailabilityZone"),
    ),
    fault("E9305", "the container is not essential", put(f"{CONTAINER}/Essential", False)),
    near_miss(
        "E9305",
        "the container restarts by itself",
        put(f"{CONTAINER}/Essential", False),
        put(f"{CONTAINER}/RestartPolicy", {"Enabled": True}),
    ),
    fault("E9306", "the health check is off", put("TargetGroup/HealthCheckEnabled", False)),
    fault("E9306", "the health check's timeout is its interval", put("TargetGroup/HealthCheckTimeoutSeconds", 10)),
    near_miss(
        "E9306",
        "the health check has its defaults",
        drop("TargetGroup/HealthCheckTimeoutSeconds"),
        drop("TargetGroup/HealthCheckIntervalSeconds"),
    ),
    near_miss(
        "E9306",
        "a Network Load Balancer's timeout is its interval",
        put("TargetGroup/Protocol", "TCP"),
        put("TargetGroup/HealthCheckTimeoutSeconds", 10),
    ),
    fault(
        "E9307",
        "a deployment watches an alarm that is not there",
        put("Service/DeploymentConfiguration/Alarms/AlarmNames/0", "errors"),
    ),
    fault(
        "E9307",
        "the alarms of a deployment roll nothing back",
        put("Service/DeploymentConfiguration/Alarms/Rollback", False),
    ),
    near_miss(
        "E9307",
        "a deployment watches an alarm by its name",
        put("ServerErrorAlarm/AlarmName", sub("${StagePrefix}-errors")),
        put("Service/DeploymentConfiguration/Alarms/AlarmNames/0", sub("${StagePrefix}-errors")),
    ),
    fault("W9308", "one task is enough", put("ScalableTarget/MinCapacity", 1)),
    near_miss("W9308", "three tasks", put("/Parameters/MinRunningTasks/Default", 3)),
    fault("E9309", "the service names no cluster", drop("Service/Cluster")),
    near_miss(
        "E9309",
        "the service names its cluster by the cluster's name",
        put("Service/Cluster", sub("${StagePrefix}-phoenix")),
    ),
    near_miss("E9310 E9311 E9312 E9316", "requests shift by canary", CANARY),
    near_miss("E9310 E9311 E9312 E9316", "requests shift by blue/green, after a test", deploying("blue-green", "/")),
    near_miss("E9310 E9311 E9312 E9316", "requests shift by linear steps", deploying("linear")),
    near_miss("E9301 E9307 E9312 W9313 E9314 E9315", "CodeDeploy deploys, not ECS", CODEDEPLOY),
    near_miss("E9307 E9312 W9313 E9314 E9315", "CodeDeploy deploys, after a test", TESTED_BY_CODEDEPLOY),
    fault(
        "E9307",
        "CodeDeploy watches an alarm that is not there",
        CODEDEPLOY,
        put("DeploymentGroup/AlarmConfiguration/Alarms/0/Name", "errors"),
    ),
    fault(
        "E9307",
        "an alarm stops CodeDeploy, and the new version stays",
        CODEDEPLOY,
        put("DeploymentGroup/AutoRollbackConfiguration/Events", ["DEPLOYMENT_FAILURE"]),
    ),
    fault("E9310", "a deployment shifts requests without an alternate target group", CANARY, drop(ADVANCED)),
    fault("E9310", "a deployment shifts requests of no rule", CANARY, drop(f"{ADVANCED}/ProductionListenerRule")),
    fault("E9310", "a deployment shifts requests without a role", CANARY, drop(f"{ADVANCED}/RoleArn")),
    fault(
        "E9310",
        "a deployment shifts the requests of a listener, not of a rule",
        CANARY,
        put(f"{ADVANCED}/ProductionListenerRule", ref("Listener")),
    ),
    fault(
        "E9310",
        "test requests and all requests have one rule",
        TESTED,
        put(f"{ADVANCED}/TestListenerRule", ref("ProductionRule")),
    ),
    fault(
        "E9310",
        "the alternate target group is the target group",
        CANARY,
        put(f"{ADVANCED}/AlternateTargetGroupArn", ref("TargetGroup")),
    ),
    near_miss(
        "E9310",
        "the advanced configuration is a parameter's",
        CANARY,
        put("/Parameters/RuleArn", {"Type": "String", "Default": "arn:aws:elasticloadbalancing:rule"}),
        put(f"{ADVANCED}/ProductionListenerRule", ref("RuleArn")),
    ),
    fault("E9311", "both target groups serve requests", CANARY, put(f"{WEIGHTED}/1/Weight", 50)),
    fault("E9311", "neither target group serves requests", CANARY, put(f"{WEIGHTED}/0/Weight", 0)),
    fault(
        "E9311 E9122",
        "the rule serves a third target group",
        CANARY,
        OTHER_GROUP,
        put(f"{WEIGHTED}/0/TargetGroupArn", ref("OtherTargetGroup")),
    ),
    fault("E9311 E9103", "the rule does not name the alternate target group", CANARY, put(WEIGHTED, [_GROUP])),
    near_miss(
        "E9311",
        "the test rule names the alternate target group",
        TESTED,
        put(WEIGHTED, [_GROUP]),
    ),
    near_miss(
        "E9311",
        "the alternate target group serves at first",
        CANARY,
        put(f"{WEIGHTED}/0/Weight", 0),
        put(f"{WEIGHTED}/1/Weight", 1),
    ),
    fault(
        "E9312",
        "scaling measures one of two target groups",
        CANARY,
        swap(REQUESTS, "AlternateTargetGroup", "TargetGroup"),
    ),
    fault(
        "E9312",
        "the alarms of a deployment measure one of two target groups",
        CODEDEPLOY,
        swap("ServerErrorAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
        swap("UnhealthyTargetsAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
    ),
    near_miss(
        "E9312",
        "each target group has an alarm of its own",
        CANARY,
        swap("ServerErrorAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
    ),
    fault(
        "W9313",
        "a service that CodeDeploy deploys names a revision",
        CODEDEPLOY,
        put("Service/TaskDefinition", ref("TaskDefinition")),
    ),
    fault(
        "E9314",
        "a service that CodeDeploy deploys has a circuit breaker",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}),
    ),
    fault(
        "E9314",
        "a service that CodeDeploy deploys has a strategy of ECS",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"Strategy": "BLUE_GREEN"}),
    ),
    near_miss(
        "E9314",
        "a service that CodeDeploy deploys sets the healthy percent",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"MinimumHealthyPercent": 100, "MaximumPercent": 200}),
    ),
    fault(
        "E9312 E9315",
        "CodeDeploy shifts requests between other target groups",
        CODEDEPLOY,
        OTHER_GROUP,
        put(f"{PAIR}/TargetGroups/0/Name", att("OtherTargetGroup", "TargetGroupName")),
    ),
    fault("E9315", "CodeDeploy has one target group", CODEDEPLOY, drop(f"{PAIR}/TargetGroups/1")),
    fault(
        "E9315",
        "CodeDeploy tests by the production listener",
        TESTED_BY_CODEDEPLOY,
        put(f"{PAIR}/TestTrafficRoute/ListenerArns", [ref("Listener")]),
    ),
    fault(
        "E9316",
        "a canary takes two days",
        CANARY,
        put("Service/DeploymentConfiguration/BakeTimeInMinutes", 1440),
        put("Service/DeploymentConfiguration/CanaryConfiguration/CanaryBakeTimeInMinutes", 1440),
    ),
    fault(
        "E9316",
        "34 linear steps of an hour",
        deploying("linear"),
        put("Service/DeploymentConfiguration/LinearConfiguration", {"StepPercent": 3, "StepBakeTimeInMinutes": 60}),
    ),
    near_miss(
        "E9316",
        "a canary bakes for a day",
        CANARY,
        put("Service/DeploymentConfiguration/BakeTimeInMinutes", 1440),
    ),
]
