"""Faults and near misses: recovery from crashes, and deployments that are rolled back."""

from __future__ import annotations

from tests.rules.corpus.parts import CONTAINER
from tests.rules.house import Case, drop, fault, near_miss, put, ref, remove, sub

CASES: list[Case] = [
    fault("E9301", "no circuit breaker", drop("Service/DeploymentConfiguration/DeploymentCircuitBreaker")),
    fault(
        "E9301",
        "the circuit breaker does not roll back",
        put("Service/DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", False),
    ),
    near_miss(
        "E9301",
        "CodeDeploy deploys, not ECS",
        drop("Service/DeploymentConfiguration"),
        put("Service/DeploymentController", {"Type": "CODE_DEPLOY"}),
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
        "both subnets of the tasks lie in one zone",
        put("PrivateSubnetB/AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ),
    fault("E9304", "the database has one subnet", put("DatabaseSubnetGroup/SubnetIds", [ref("IsolatedSubnetA")])),
    near_miss(
        "E9304",
        "the zones are not told",
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
]
