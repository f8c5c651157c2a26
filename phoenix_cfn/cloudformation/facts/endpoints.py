"""The endpoints of AWS services, for a VPC without access to the internet.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from __future__ import annotations

# The last part of an endpoint's name, by the prefix of the service's IAM actions.
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
# Gateway endpoints: they are targets of route tables, and free.
GATEWAYS = {"dynamodb": "dynamodb", "s3": "s3"}
