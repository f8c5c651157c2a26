"""Faults and near misses: several stages in one account."""

from __future__ import annotations

from tests.rules.corpus.parts import DEPLOY
from tests.rules.house import Case, Template, att, fault, near_miss, put, ref, sub

STAGES = (
    put("/Parameters/Size", {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]}),
    put("/Mappings", {"Names": {"small": {"Name": "phoenix-small"}, "large": {"Name": "phoenix-large"}}}),
)
BY_STAGE: Template = {"Fn::FindInMap": ["Names", ref("Size"), "Name"]}

CASES: list[Case] = [
    fault(
        "E9901",
        "a log group name differs by its region only",
        put("TaskLogGroup/LogGroupName", sub("/phoenix/${AWS::Region}")),
    ),
    near_miss(
        "E9901",
        "a name from the stack's name",
        put("Cluster/ClusterName", sub("${AWS::StackName}-cluster")),
        put(
            "ContainerInsightsLogGroup/LogGroupName",
            sub("/aws/ecs/containerinsights/${AWS::StackName}-cluster/performance"),
        ),
    ),
    near_miss("E9901", "a mapping has each stage's name", *STAGES, put("AlarmTopic/TopicName", BY_STAGE)),
    near_miss(
        "E9901",
        "a condition chooses a part of the name",
        put(
            "AlarmTopic/TopicName",
            {"Fn::Sub": ["phoenix-${Part}", {"Part": {"Fn::If": ["HasNotificationEmail", "told", "untold"]}}]},
        ),
    ),
    near_miss(
        "E9901",
        "a condition chooses the name",
        put("AlarmTopic/TopicName", {"Fn::If": ["HasNotificationEmail", "told", "untold"]}),
    ),
    near_miss(
        "E9901",
        "a list of a parameter has the name",
        put("/Parameters/Topics", {"Type": "String", "Default": "alarms,runs"}),
        put("AlarmTopic/TopicName", {"Fn::Select": [0, {"Fn::Split": [",", ref("Topics")]}]}),
    ),
    fault(
        "E9901",
        "a mapping gives one name to all stages",
        STAGES[1],
        put("AlarmTopic/TopicName", {"Fn::FindInMap": ["Names", "small", "Name"]}),
    ),
    fault(
        "E9901",
        "a variable of a Sub is the same in all stages",
        put("AlarmTopic/TopicName", {"Fn::Sub": ["phoenix-${Part}", {"Part": "alarms"}]}),
    ),
    fault(
        "E9902",
        "the load balancer's name overflows in production",
        put("LoadBalancer/Name", sub("${StagePrefix}-phoenix-load-balancer")),
    ),
    near_miss("E9902", "the load balancer's name fits", put("LoadBalancer/Name", sub("${StagePrefix}-phoenix"))),
    fault("E9903", "a repository in upper case", put("Repository/RepositoryName", sub("${StagePrefix}-Phoenix"))),
    near_miss(
        "E9903",
        "a repository with slashes and dots",
        put("Repository/RepositoryName", sub("${StagePrefix}/phoenix.web_1")),
    ),
    fault(
        "E9904",
        "an export has one name in all stages",
        put("/Outputs/Url", {"Value": att("LoadBalancer", "DNSName"), "Export": {"Name": "phoenix-url"}}),
    ),
    near_miss(
        "E9904", "an export of the stage", put("/Outputs/ApplicationUrl/Export", {"Name": sub("${StagePrefix}-url")})
    ),
    near_miss(
        "E9904",
        "a mapping has each stage's export",
        *STAGES,
        put("/Outputs/ApplicationUrl/Export", {"Name": BY_STAGE}),
    ),
    fault(
        "E9905", "all stages deploy into one stack", put(f"{DEPLOY}/Configuration/StackName", "phoenix-infrastructure")
    ),
    near_miss(
        "E9905",
        "the stack is named after the pipeline's stack",
        put(f"{DEPLOY}/Configuration/StackName", sub("${AWS::StackName}-infrastructure")),
    ),
    near_miss(
        "E9905",
        "a mapping has each stage's stack",
        put("P/Parameters/Size", {"Type": "String", "Default": "small"}),
        put("P/Mappings", {"Names": {"small": {"Name": "phoenix-small"}}}),
        put(f"{DEPLOY}/Configuration/StackName", BY_STAGE),
    ),
    fault(
        "E9911", "a security group's name begins with sg-", put("TaskSecurityGroup/GroupName", sub("sg-${StagePrefix}"))
    ),
    fault(
        "E9911",
        "a load balancer's name begins with internal-",
        put("LoadBalancer/Name", sub("internal-${StagePrefix}")),
    ),
    fault(
        "E9911", "a bucket's name is a test bucket's", put("ArtifactBucket/BucketName", sub("sthree-${StagePrefix}-a"))
    ),
    fault(
        "E9911",
        "a database's name has two hyphens in a row",
        put("DatabaseInstance1/DBInstanceIdentifier", sub("${StagePrefix}--phoenix")),
    ),
    near_miss(
        "E9911",
        "a security group's name has sg- within",
        put("TaskSecurityGroup/GroupName", sub("${StagePrefix}-sg-1")),
    ),
    near_miss(
        "E9911", "a load balancer's name ends in internal", put("LoadBalancer/Name", sub("${StagePrefix}-internal"))
    ),
]
