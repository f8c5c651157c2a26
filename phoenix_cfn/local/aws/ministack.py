"""MiniStack's modules, imported in one place: everything of it that the corrections read or change."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

# Read at import: no listeners beside the gateway, and credentials and policies checked as AWS does.
os.environ.setdefault("IOT_MTLS_ENABLED", "0")
os.environ.setdefault("SFTP_ENABLED", "0")
os.environ.setdefault("AUTH", "true")
os.environ.setdefault("DOCKER_NETWORK", "bridge")


def _module(name: str) -> Any:
    return import_module(f"ministack.{name}")


app = _module("app")
reaper = _module("core.container_reaper")
iam_actions = _module("core.iam_actions")
iam_evaluator = _module("core.iam_evaluator")
lambda_runtime = _module("core.lambda_runtime")
responses = _module("core.responses")
router = _module("core.router")
acm = _module("services.acm")
alb = _module("services.alb")
cloudwatch = _module("services.cloudwatch")
codebuild = _module("services.codebuild")
documentdb = _module("services.documentdb")
ec2 = _module("services.ec2")
eventbridge = _module("services.eventbridge")
ecr = _module("services.ecr")
ecs = _module("services.ecs")
iam = _module("services.iam")
kms = _module("services.kms")
logs = _module("services.cloudwatch_logs")
rds = _module("services.rds")
route53 = _module("services.route53")
s3 = _module("services.s3")
secretsmanager = _module("services.secretsmanager")
sns = _module("services.sns")
sts = _module("services.sts")
waf = _module("services.waf")
cloudformation = _module("services.cloudformation")
cfn_engine = _module("services.cloudformation.engine")
cfn_handlers = _module("services.cloudformation.handlers")
provisioners = _module("services.cloudformation.provisioners")
stacks = _module("services.cloudformation.stacks")

handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS
request_scope = responses.request_scope
account = responses.get_account_id
region = responses.get_region
