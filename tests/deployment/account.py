"""What exists in the account of the local AWS."""

from __future__ import annotations

from phoenix_cfn.local.server import LocalAws


def existing(aws: LocalAws) -> dict[str, set[str]]:
    """Names or ids by kind. AWS's own defaults, final snapshots, keys that wait to be deleted, and the bucket in which
    the console keeps large templates do not count.
    """
    ec2, elb, kms = aws.client("ec2"), aws.client("elbv2"), aws.client("kms")
    stacks = aws.client("cloudformation").list_stacks()["StackSummaries"]
    networks = [each for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    groups = [each for each in ec2.describe_security_groups()["SecurityGroups"] if each["GroupName"] != "default"]
    roles = [each for each in aws.client("iam").list_roles()["Roles"] if "/aws-service-role/" not in each["Path"]]
    keys = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    found = {
        "stacks": {each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"},
        "networks": {each["VpcId"] for each in networks},
        "addresses": {each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]},
        "NAT gateways": {each["NatGatewayId"] for each in ec2.describe_nat_gateways()["NatGateways"]},
        "security groups": {each["GroupId"] for each in groups},
        "load balancers": {each["LoadBalancerName"] for each in elb.describe_load_balancers()["LoadBalancers"]},
        "target groups": {each["TargetGroupName"] for each in elb.describe_target_groups()["TargetGroups"]},
        "clusters": set(aws.client("ecs").list_clusters()["clusterArns"]),
        "databases": {each["DBClusterIdentifier"] for each in aws.client("docdb").describe_db_clusters()["DBClusters"]},
        "secrets": {each["Name"] for each in aws.client("secretsmanager").list_secrets()["SecretList"]},
        "log groups": set(retentions(aws)),
        "alarms": {each["AlarmName"] for each in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]},
        "dashboards": {
            each["DashboardName"] for each in aws.client("cloudwatch").list_dashboards()["DashboardEntries"]
        },
        "queues": set(aws.client("sqs").list_queues().get("QueueUrls", [])),
        "topics": {each["TopicArn"] for each in aws.client("sns").list_topics()["Topics"]},
        "buckets": {
            each["Name"]
            for each in aws.client("s3").list_buckets()["Buckets"]
            if not each["Name"].startswith("cf-templates-")
        },
        "repositories": {each["repositoryName"] for each in aws.client("ecr").describe_repositories()["repositories"]},
        "projects": set(aws.client("codebuild").list_projects()["projects"]),
        "functions": {each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]},
        "rules": {each["Name"] for each in aws.client("events").list_rules()["Rules"]},
        "roles": {each["RoleName"] for each in roles},
        "keys": {
            each["KeyId"] for each in keys if each["KeyManager"] == "CUSTOMER" and each["KeyState"] != "PendingDeletion"
        },
    }
    return {kind: names for kind, names in found.items() if names}


def retentions(aws: LocalAws) -> dict[str, int | None]:
    """Of every log group, in days; None where events never expire."""
    pages = aws.client("logs").get_paginator("describe_log_groups").paginate()
    return {each["logGroupName"]: each.get("retentionInDays") for page in pages for each in page["logGroups"]}
