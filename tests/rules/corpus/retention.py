"""Faults and near misses: logs and backups that are kept for seven days."""

from __future__ import annotations

from tests.rules.corpus.parts import CONTAINER
from tests.rules.house import PIPELINE, Case, add, drop, fault, near_miss, put, ref, remove, sub, swap

CASES: list[Case] = [
    fault("E9401", "a log group has no retention", drop("TaskLogGroup/RetentionInDays")),
    fault("E9401", "a log group keeps its logs for 14 days", put("DatabaseAuditLogGroup/RetentionInDays", 14)),
    fault(
        "E9401",
        "a parameter sets a retention of 30 days",
        put("/Parameters/Days", {"Type": "Number", "Default": 30}),
        put("TaskLogGroup/RetentionInDays", ref("Days")),
    ),
    near_miss(
        "E9401",
        "a parameter keeps the logs for 7 days",
        put("/Parameters/Days", {"Type": "Number", "Default": 7}),
        put("TaskLogGroup/RetentionInDays", ref("Days")),
    ),
    fault("E9402", "the container's output is not kept", drop(f"{CONTAINER}/LogConfiguration")),
    fault(
        "E9402",
        "the container's log group is not declared",
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", sub("/ecs/${StagePrefix}")),
    ),
    near_miss(
        "E9402",
        "the container's log group is named, not referred to",
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", sub("/${StagePrefix}-phoenix/tasks")),
    ),
    near_miss(
        "E9402",
        "a parameter names the log group of another stack",
        put("/Parameters/LogGroup", {"Type": "String", "Default": "/shared/phoenix"}),
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", ref("LogGroup")),
    ),
    fault(
        "E9403",
        "the build's log group is not declared",
        put("BuildProject/LogsConfig/CloudWatchLogs/GroupName", sub("/builds/${StagePrefix}")),
    ),
    fault(
        "E9403",
        "the build does not set its log, and its group is not declared",
        drop("BuildProject/LogsConfig"),
        swap("BuildLogGroup/LogGroupName", "codebuild", "builds"),
    ),
    near_miss("E9403", "the build does not set its log, and its group is declared", drop("BuildProject/LogsConfig")),
    fault("E9404", "the function's log group is not declared", drop("BucketEmptierFunction/LoggingConfig")),
    near_miss(
        "E9404",
        "the function's log group is declared by its name",
        drop("BucketEmptierFunction/LoggingConfig"),
        put("BucketEmptierLogGroup/LogGroupName", sub("/aws/lambda/${BucketEmptierFunction}")),
    ),
    fault(
        "E9405",
        "a database's log group is not declared",
        put("DatabaseAuditLogGroup/LogGroupName", sub("/docdb/${StagePrefix}/audit")),
    ),
    near_miss(
        "E9405",
        "the name of a database's log group is joined",
        put(
            "DatabaseAuditLogGroup/LogGroupName",
            {"Fn::Join": ["/", ["", "aws", "docdb", sub("${StagePrefix}-phoenix"), "audit"]]},
        ),
    ),
    fault("E9405", "the database does not wait for its log groups", drop("DatabaseCluster:/DependsOn")),
    fault(
        "E9406",
        "the audit log is exported, but not written",
        put("DatabaseParameterGroup/Parameters/audit_logs", "disabled"),
    ),
    fault(
        "E9406",
        "the profiler's log is written, but not exported",
        put("DatabaseCluster/EnableCloudwatchLogsExports", ["audit"]),
    ),
    fault("E9406", "logs are exported without a parameter group", drop("DatabaseCluster/DBClusterParameterGroupName")),
    near_miss(
        "E9406",
        "neither written nor exported",
        drop("DatabaseParameterGroup/Parameters/profiler"),
        put("DatabaseCluster/EnableCloudwatchLogsExports", ["audit"]),
    ),
    fault("E9407", "the database's backups keep one day", drop("DatabaseCluster/BackupRetentionPeriod")),
    fault("E9407", "the database's backups keep five days", put("DatabaseCluster/BackupRetentionPeriod", 5)),
    near_miss("E9407", "the backups' days are a string", put("DatabaseCluster/BackupRetentionPeriod", "7")),
    fault("E9408", "the log group of Container Insights is not declared", remove("ContainerInsightsLogGroup")),
    near_miss("E9408", "no Container Insights", drop("Cluster/ClusterSettings"), remove("ContainerInsightsLogGroup")),
    fault("E9408 E9901", "a cluster has one name in all stages", put("Cluster/ClusterName", "phoenix")),
    fault("E9408", "the cluster does not wait for its log group", drop("Cluster:/DependsOn")),
    fault(
        "E9409 E9809",
        "flow logs go to a log group that is not declared",
        add(
            "Flow",
            "AWS::EC2::FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=sub("/${StagePrefix}/flow"),
        ),
    ),
    near_miss(
        "E9409",
        "ECS Exec writes to a declared log group",
        put(
            "Cluster/Configuration",
            {
                "ExecuteCommandConfiguration": {
                    "Logging": "OVERRIDE",
                    "LogConfiguration": {"CloudWatchLogGroupName": ref("TaskLogGroup")},
                }
            },
        ),
    ),
    fault(
        "E9410 E9809 E9952",
        "access logs never expire",
        add("LogBucket", "AWS::S3::Bucket"),
        put("LoadBalancer/LoadBalancerAttributes/3", {"Key": "access_logs.s3.enabled", "Value": "true"}),
        put("LoadBalancer/LoadBalancerAttributes/4", {"Key": "access_logs.s3.bucket", "Value": ref("LogBucket")}),
    ),
    near_miss(
        "E9410",
        "access logs in a bucket outside the template",
        put("LoadBalancer/LoadBalancerAttributes/3", {"Key": "access_logs.s3.enabled", "Value": "true"}),
        put("LoadBalancer/LoadBalancerAttributes/4", {"Key": "access_logs.s3.bucket", "Value": "logs-of-the-company"}),
    ),
    fault(
        "E9411 E9809",
        "a backup plan keeps 35 days",
        add(
            "Plan",
            "AWS::Backup::BackupPlan",
            BackupPlan={
                "BackupPlanName": "p",
                "BackupPlanRule": [
                    {"RuleName": "r", "TargetBackupVault": "Default", "Lifecycle": {"DeleteAfterDays": 35}}
                ],
            },
        ),
    ),
    near_miss(
        "E9411",
        "a backup plan of seven days",
        add(
            "Plan",
            "AWS::Backup::BackupPlan",
            PIPELINE,
            BackupPlan={
                "BackupPlanName": "p",
                "BackupPlanRule": [
                    {"RuleName": "r", "TargetBackupVault": "Default", "Lifecycle": {"DeleteAfterDays": 7}}
                ],
            },
        ),
    ),
    fault("E9412", "the database leaves no snapshot", put("DatabaseCluster:/DeletionPolicy", "Delete")),
    fault("E9412", "a replacement of the database loses the data", drop("DatabaseCluster:/UpdateReplacePolicy")),
    near_miss(
        "E9412",
        "the database itself is kept",
        put("DatabaseCluster:/DeletionPolicy", "Retain"),
        drop("DatabaseCluster/DBClusterIdentifier"),
        swap("DatabaseAuditLogGroup/LogGroupName", "${StagePrefix}-phoenix", "${DatabaseCluster}"),
        swap("DatabaseProfilerLogGroup/LogGroupName", "${StagePrefix}-phoenix", "${DatabaseCluster}"),
    ),
    fault(
        "E9413 E9503",
        "the key admits no service",
        put("EncryptionKey/KeyPolicy/Statement", [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*"}]),
        put("EncryptionKey/KeyPolicy/Statement/0/Principal", {"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")}),
    ),
    near_miss(
        "E9413",
        "the key is outside the template",
        put("/Parameters/KeyArn", {"Type": "String", "Default": ""}),
        put("TaskLogGroup/KmsKeyId", ref("KeyArn")),
    ),
    fault("E9413 E9503", "the key has no policy", drop("EncryptionKey/KeyPolicy")),
]
