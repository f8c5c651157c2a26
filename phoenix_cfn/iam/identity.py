"""The identity of a resource before it exists: its name, its ARN, and the values of Ref and Fn::GetAtt.

Sources: "Return values" of each type in the CloudFormation template reference, the ARN formats of the service
authorization reference, and the registry schemas (primaryIdentifier, readOnlyProperties).
"""

from __future__ import annotations

from msgspec import Struct

from phoenix_cfn.cloudformation import names
from phoenix_cfn.iam.generated_names import Name

# Secrets Manager adds a hyphen and six characters to a secret's name.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_secret
SECRET_ENDING = "-??????"

REGIONAL, _GLOBAL = "${AWS::Region}", ""
OF_THE_ACCOUNT, _OF_NO_ACCOUNT = "${AWS::AccountId}", ""


class Owned(Struct, frozen=True):
    """A kind of resource, such as `ecs:cluster`, that comes with a resource of the template.

    `path` is the part of its ARN after the account: `{name}` is its name, `{Property}` the value of a property,
    `{Property|default}` the value of one with a default, `*` a generated id. It applies only if the template does not
    set the property `unless`, and sets `needs`. A `part` is created with the resource and has none of its tags.
    """

    kind: str
    path: str
    region: str = REGIONAL
    unless: str = ""
    needs: str = ""
    part: bool = False
    account: str = OF_THE_ACCOUNT

    @property
    def service(self) -> str:
        return self.kind.partition(":")[0]

    @property
    def arn(self) -> str:
        return f"arn:${{AWS::Partition}}:{self.service}:{self.region}:{self.account}:{self.path}"


def _made_by_cloudformation(resource_type: str, shortened: bool = True) -> Name:
    """The name of a type in cloudformation/names.py; a generated name begins with the stack's name."""
    naming = names.NAMES[resource_type]
    assert naming.length is not None
    return Name(naming.property, naming.length, naming.lower, shortened)


# The types whose Ref is the name, or whose ARN contains the name.
NAMES = {
    "AWS::CloudFormation::Stack": Name("StackName", 128, shortened=False),
    "AWS::CloudWatch::Alarm": _made_by_cloudformation("AWS::CloudWatch::Alarm"),
    "AWS::CloudWatch::Dashboard": _made_by_cloudformation("AWS::CloudWatch::Dashboard"),
    # Not all generated names of these types begin with the stack's name.
    "AWS::CodeDeploy::Application": Name("ApplicationName", 0),
    "AWS::CodeDeploy::DeploymentConfig": Name("DeploymentConfigName", 0),
    "AWS::CodeDeploy::DeploymentGroup": Name("DeploymentGroupName", 0),
    "AWS::DocDB::DBCluster": _made_by_cloudformation("AWS::DocDB::DBCluster", shortened=False),
    "AWS::DocDB::DBClusterParameterGroup": _made_by_cloudformation(
        "AWS::DocDB::DBClusterParameterGroup", shortened=False
    ),
    "AWS::DocDB::DBInstance": _made_by_cloudformation("AWS::DocDB::DBInstance", shortened=False),
    "AWS::DocDB::DBSubnetGroup": _made_by_cloudformation("AWS::DocDB::DBSubnetGroup", shortened=False),
    "AWS::DynamoDB::GlobalTable": Name("TableName", 255),
    "AWS::DynamoDB::Table": Name("TableName", 255),
    "AWS::ECR::Repository": _made_by_cloudformation("AWS::ECR::Repository"),
    "AWS::ECS::Cluster": _made_by_cloudformation("AWS::ECS::Cluster"),
    "AWS::ECS::TaskDefinition": _made_by_cloudformation("AWS::ECS::TaskDefinition"),
    "AWS::Events::EventBus": Name("Name", 0),
    "AWS::Events::Rule": _made_by_cloudformation("AWS::Events::Rule"),
    "AWS::IAM::Group": Name("GroupName", 128, shortened=False),
    "AWS::IAM::InstanceProfile": Name("InstanceProfileName", 128, shortened=False),
    "AWS::IAM::ManagedPolicy": _made_by_cloudformation("AWS::IAM::ManagedPolicy"),
    "AWS::IAM::Role": _made_by_cloudformation("AWS::IAM::Role", shortened=False),
    "AWS::IAM::User": Name("UserName", 64, shortened=False),
    "AWS::Kinesis::Stream": Name("Name", 128),
    "AWS::KinesisFirehose::DeliveryStream": Name("DeliveryStreamName", 64),
    "AWS::Lambda::Function": _made_by_cloudformation("AWS::Lambda::Function"),
    "AWS::Logs::LogGroup": _made_by_cloudformation("AWS::Logs::LogGroup"),
    "AWS::S3::Bucket": _made_by_cloudformation("AWS::S3::Bucket"),
    "AWS::SNS::Topic": _made_by_cloudformation("AWS::SNS::Topic"),
    "AWS::SQS::Queue": _made_by_cloudformation("AWS::SQS::Queue"),
    "AWS::SSM::Parameter": Name("Name", 0),
    "AWS::Scheduler::Schedule": Name("Name", 0),
    "AWS::Scheduler::ScheduleGroup": Name("Name", 0),
    "AWS::SecretsManager::Secret": Name("Name", 0),
    "AWS::StepFunctions::Activity": Name("Name", 0),
    "AWS::StepFunctions::StateMachine": Name("StateMachineName", 80),
}

# Types with facts that are not in the schemas: the resources that they create, the type itself first. A type that is
# not here may act on all resources of its kind in this account and region.
OWNED: dict[str, tuple[Owned, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        Owned("application-autoscaling:scalabletarget", "scalable-target/*"),
        # The alarms of target tracking.
        Owned("cloudwatch:alarm", "alarm:TargetTracking-{ResourceId}*"),
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (),
    "AWS::CertificateManager::Certificate": (Owned("acm:certificate", "certificate/*"),),
    "AWS::CloudFormation::Stack": (Owned("cloudformation:stack", "stack/{name}/*"),),
    "AWS::CloudWatch::Alarm": (Owned("cloudwatch:alarm", "alarm:{name}"),),
    "AWS::CloudWatch::Dashboard": (Owned("cloudwatch:dashboard", "dashboard/{name}", region=_GLOBAL),),
    "AWS::CodeDeploy::Application": (Owned("codedeploy:application", "application:{name}"),),
    "AWS::CodeDeploy::DeploymentConfig": (Owned("codedeploy:deploymentconfig", "deploymentconfig:{name}"),),
    "AWS::CodeDeploy::DeploymentGroup": (
        Owned("codedeploy:deploymentgroup", "deploymentgroup:{ApplicationName}/{name}"),
    ),
    "AWS::DocDB::DBCluster": (
        Owned("rds:cluster", "cluster:{name}"),
        Owned("rds:cluster-pg", "cluster-pg:default*", unless="DBClusterParameterGroupName"),
        Owned("rds:cluster-snapshot", "cluster-snapshot:*", part=True),
        Owned("rds:og", "og:default*"),
        Owned("rds:subgrp", "subgrp:default", unless="DBSubnetGroupName"),
    ),
    "AWS::DocDB::DBClusterParameterGroup": (Owned("rds:cluster-pg", "cluster-pg:{name}"),),
    "AWS::DocDB::DBInstance": (Owned("rds:db", "db:{name}"), Owned("rds:pg", "pg:default*")),
    "AWS::DocDB::DBSubnetGroup": (Owned("rds:subgrp", "subgrp:{name}"),),
    "AWS::DynamoDB::GlobalTable": (
        Owned("dynamodb:table", "table/{name}"),
        Owned("dynamodb:index", "table/{name}/index/*"),
        Owned("dynamodb:stream", "table/{name}/stream/*"),
    ),
    "AWS::DynamoDB::Table": (
        Owned("dynamodb:table", "table/{name}"),
        Owned("dynamodb:index", "table/{name}/index/*"),
        Owned("dynamodb:stream", "table/{name}/stream/*"),
    ),
    "AWS::EC2::EIP": (Owned("ec2:elastic-ip", "elastic-ip/*"),),
    "AWS::EC2::InternetGateway": (Owned("ec2:internet-gateway", "internet-gateway/*"),),
    "AWS::EC2::NatGateway": (Owned("ec2:natgateway", "natgateway/*"),),
    "AWS::EC2::Route": (),
    "AWS::EC2::RouteTable": (Owned("ec2:route-table", "route-table/*"),),
    "AWS::EC2::SecurityGroup": (
        Owned("ec2:security-group", "security-group/*"),
        Owned("ec2:security-group-rule", "security-group-rule/*", part=True),
    ),
    "AWS::EC2::SecurityGroupEgress": (Owned("ec2:security-group-rule", "security-group-rule/*", part=True),),
    "AWS::EC2::SecurityGroupIngress": (Owned("ec2:security-group-rule", "security-group-rule/*", part=True),),
    "AWS::EC2::Subnet": (Owned("ec2:subnet", "subnet/*"),),
    "AWS::EC2::SubnetRouteTableAssociation": (),
    "AWS::EC2::VPC": (Owned("ec2:vpc", "vpc/*"),),
    "AWS::EC2::VPCEndpoint": (Owned("ec2:vpc-endpoint", "vpc-endpoint/*"),),
    "AWS::EC2::VPCGatewayAttachment": (),
    "AWS::ECR::Repository": (Owned("ecr:repository", "repository/{name}"),),
    "AWS::ECS::Cluster": (Owned("ecs:cluster", "cluster/{name}"),),
    "AWS::ECS::Service": (
        Owned("ecs:service", "service/{Cluster}/*"),
        Owned("ecs:service-deployment", "service-deployment/{Cluster}/*", part=True),
    ),
    "AWS::ECS::TaskDefinition": (
        Owned("ecs:task-definition", "task-definition/{name}:*"),
        # Tags in a registration are checked on the family without a revision.
        # https://github.com/aws/aws-cdk/issues/25768
        Owned("ecs:task-definition", "task-definition/{name}"),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        Owned("elasticloadbalancing:listener/app", "listener/*"),
        Owned("elasticloadbalancing:listener/net", "listener/*"),
        Owned("elasticloadbalancing:listener/gwy", "listener/*"),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        Owned("elasticloadbalancing:listener-rule/app", "listener-rule/*"),
        Owned("elasticloadbalancing:listener-rule/net", "listener-rule/*"),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        Owned("elasticloadbalancing:loadbalancer/app/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer/net/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer/gwy/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer", "loadbalancer/*"),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (Owned("elasticloadbalancing:targetgroup", "targetgroup/*"),),
    "AWS::Events::EventBus": (Owned("events:event-bus", "event-bus/{name}"),),
    "AWS::Events::Rule": (
        Owned("events:rule-on-default-event-bus", "rule/{name}", unless="EventBusName"),
        Owned("events:rule-on-custom-event-bus", "rule/{EventBusName}/{name}", needs="EventBusName"),
    ),
    "AWS::IAM::AccessKey": (),
    "AWS::IAM::Group": (Owned("iam:group", "group{path}", region=_GLOBAL),),
    "AWS::IAM::GroupPolicy": (),
    "AWS::IAM::InstanceProfile": (Owned("iam:instance-profile", "instance-profile{path}", region=_GLOBAL),),
    "AWS::IAM::ManagedPolicy": (Owned("iam:policy", "policy{path}", region=_GLOBAL),),
    "AWS::IAM::Policy": (),
    "AWS::IAM::Role": (Owned("iam:role", "role{path}", region=_GLOBAL),),
    "AWS::IAM::RolePolicy": (),
    "AWS::IAM::User": (Owned("iam:user", "user{path}", region=_GLOBAL),),
    "AWS::IAM::UserPolicy": (),
    "AWS::IAM::UserToGroupAddition": (),
    "AWS::KMS::Key": (Owned("kms:key", "key/*"),),
    "AWS::Kinesis::Stream": (Owned("kinesis:stream", "stream/{name}"),),
    "AWS::KinesisFirehose::DeliveryStream": (Owned("firehose:deliverystream", "deliverystream/{name}"),),
    "AWS::Lambda::Function": (Owned("lambda:function", "function:{name}"),),
    # The ARN of a log group ends with `:*` for some actions, and not for others.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    "AWS::Logs::LogGroup": (Owned("logs:log-group", "log-group:{name}*"),),
    # A hosted zone by HostedZoneId, or HostedZoneName.
    "AWS::Route53::RecordSet": (),
    "AWS::S3::Bucket": (
        Owned("s3:bucket", "{name}", region=_GLOBAL, account=_OF_NO_ACCOUNT),
        Owned("s3:object", "{name}/*", region=_GLOBAL, account=_OF_NO_ACCOUNT),
    ),
    "AWS::S3::BucketPolicy": (Owned("s3:bucket", "{Bucket}", region=_GLOBAL, account=_OF_NO_ACCOUNT),),
    "AWS::SNS::Subscription": (),
    "AWS::SNS::Topic": (Owned("sns:topic", "{name}"),),
    "AWS::SNS::TopicPolicy": (),
    "AWS::SQS::Queue": (Owned("sqs:queue", "{name}"),),
    "AWS::SQS::QueuePolicy": (),
    "AWS::SSM::Parameter": (Owned("ssm:parameter", "parameter/{name}"),),
    "AWS::Scheduler::Schedule": (Owned("scheduler:schedule", "schedule/{GroupName|default}/{name}"),),
    "AWS::Scheduler::ScheduleGroup": (Owned("scheduler:schedule-group", "schedule-group/{name}"),),
    "AWS::SecretsManager::Secret": (Owned("secretsmanager:secret", "secret:{name}" + SECRET_ENDING),),
    "AWS::StepFunctions::Activity": (Owned("states:activity", "activity:{name}"),),
    "AWS::StepFunctions::StateMachine": (Owned("states:statemachine", "stateMachine:{name}"),),
    # `regional` or `global`.
    "AWS::WAFv2::WebACL": (Owned("wafv2:webacl", "*/webacl/{Name}/*"),),
}

# Types with a known ARN whose handlers also act on other resources.
IDENTIFIED: dict[str, Owned] = {
    "AWS::AppSync::GraphQLApi": Owned("appsync:graphqlapi", "apis/*"),
    "AWS::Batch::JobQueue": Owned("batch:job-queue", "job-queue/{JobQueueName}"),
    "AWS::Bedrock::Guardrail": Owned("bedrock:guardrail", "guardrail/*"),
    "AWS::CodeCommit::Repository": Owned("codecommit:repository", "{RepositoryName}"),
    "AWS::KMS::Alias": Owned("kms:alias", "{AliasName}"),
    "AWS::MSK::Cluster": Owned("kafka:cluster", "cluster/{ClusterName}/*"),
    "AWS::RDS::DBCluster": Owned("rds:cluster", "cluster:{DBClusterIdentifier}"),
    "AWS::RDS::DBInstance": Owned("rds:db", "db:{DBInstanceIdentifier}"),
    "AWS::S3Tables::TableBucket": Owned("s3tables:tablebucket", "bucket/{TableBucketName}"),
    "AWS::SES::EmailIdentity": Owned("ses:identity", "identity/{EmailIdentity}"),
}

# Attributes other than `Arn` that are useful in a policy: `{arn}`, `{name}`.
ATTRIBUTES = {
    **{
        (kind, attribute): "{name}" for kind in NAMES.keys() & names.NAMES for attribute in names.NAMES[kind].attributes
    },
    ("AWS::Batch::JobQueue", "JobQueueArn"): "{arn}",
    ("AWS::Bedrock::Guardrail", "GuardrailArn"): "{arn}",
    ("AWS::DynamoDB::GlobalTable", "StreamArn"): "{arn}/stream/*",
    ("AWS::DynamoDB::Table", "StreamArn"): "{arn}/stream/*",
    ("AWS::Events::EventBus", "Name"): "{name}",
    ("AWS::RDS::DBCluster", "DBClusterArn"): "{arn}",
    ("AWS::RDS::DBInstance", "DBInstanceArn"): "{arn}",
    ("AWS::S3Tables::TableBucket", "TableBucketARN"): "{arn}",
    ("AWS::SNS::Topic", "TopicArn"): "{arn}",
    ("AWS::SQS::Queue", "QueueName"): "{name}",
    ("AWS::SecretsManager::Secret", "Id"): "{arn}",
    ("AWS::StepFunctions::StateMachine", "Name"): "{name}",
}

# Services that do not evaluate the tags of resources, or only if an account has enabled it.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
WITHOUT_TAG_CONDITIONS = frozenset({"dynamodb", "s3", "s3express"})
