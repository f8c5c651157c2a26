"""The endpoints by which a network without a way to the internet reaches services of AWS.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from __future__ import annotations

# By the prefix of a service's actions, the end of the name of its endpoint.
INTERFACES = {
    "athena": "athena",
    "cloudwatch": "monitoring",
    "ecs": "ecs",
    "events": "events",
    "execute-api": "execute-api",
    "firehose": "kinesis-firehose",
    "glue": "glue",
    "kinesis": "kinesis-streams",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "rds-data": "rds-data",
    "redshift-data": "redshift-data",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "states": "states",
    "sts": "sts",
    "xray": "xray",
}
# Their traffic is led by route tables, and costs nothing.
GATEWAYS = {"dynamodb": "dynamodb", "s3": "s3"}
