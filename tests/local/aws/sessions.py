"""Clients that act with a role of the lab."""

from __future__ import annotations

import json
from typing import Any

import boto3

from phoenix_cfn.local.server import REGION, LocalAws


def client_of(aws: LocalAws, service: str, role_arn: str) -> Any:
    """A client with a session of the role, which trusts everybody from now on."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    aws.client("iam").update_assume_role_policy(
        RoleName=role_arn.rsplit("/", 1)[1],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    keys = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="lab")["Credentials"]
    return boto3.client(
        service,
        endpoint_url=aws.settings.endpoint,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
