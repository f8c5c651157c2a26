"""Settings that contradict each other are refused with what was found, what was expected, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.project import Project

LONG = "\n".join(f'V{number} = "{"x" * 500}"' for number in range(100))
WIDE = "\n".join(
    '[[service.allow]]\nactions = ["s3:GetObject", "s3:PutObject"]\n'
    f'resources = ["arn:aws:s3:::a-bucket-with-a-long-name-{number}/prefix/*"]'
    for number in range(60)
)
CONTRADICTIONS = {
    "a database's instances without a database": (
        '[database]\nkind = "none"\ninstances = 2\nserverless_capacity = [1, 2]',
        r"database\.serverless_capacity.*no such setting with database\.kind = 'none'\. Remove it\.",
    ),
    "a threshold that does not exist": ("[alarms]\ndatabase_cpu_percent = 80", "database_cpu_percent.*known setting"),
    "protection of an external database": (
        '[database]\nkind = "external"\ndeletion_protection = true',
        "database.deletion_protection.*Remove it",
    ),
    "NAT gateways in an existing network": (
        '[network]\nkind = "existing"\nnat_gateways = 0',
        r"network\.nat_gateways.*for a VPC that the stack creates\. Remove it",
    ),
    "an external database without NAT gateways": (
        '[network]\nnat_gateways = 0\n[database]\nkind = "external"',
        "expected 1 or 2 with database.kind = 'external'",
    ),
    "a service without an endpoint": (
        '[network]\nnat_gateways = 0\n[[service.allow]]\nactions = ["gamelift:ListBuilds"]\n'
        'resources = ["*"]\nreason = "all"',
        "expected 1 or 2 with actions of gamelift",
    ),
    "a class and a capacity": (
        '[database]\ninstance_class = "db.r6g.large"\nserverless_capacity = [0.5, 4]',
        "either an instance class or a serverless capacity. Remove one",
    ),
    "a variable that is also a secret": (
        '[service.variables]\nA = "1"\n[service.secrets]\nA = "x"',
        r"either service\.variables or service\.secrets\. Remove service\.variables\.A",
    ),
    "the database's variable": ('[service.variables]\nDB_CONNECTION_STRING = "x"', "which is database.variable"),
    "the port's variable": ('[service.variables]\nPORT = "1"', "the parameter ContainerPort sets it"),
    "root": ('[service]\nuser = "0:1000"', "a user other than root"),
    "an action with a wildcard": ('[[service.allow]]\nactions = ["s3:*"]\nresources = ["*"]', "each by its full name"),
    "everything without a reason": (
        '[[service.allow]]\nactions = ["s3:GetObject"]\nresources = ["*"]',
        "List the resources, or add `reason`",
    ),
    "fewer requests than the minimum of WAF": ("[load_balancer]\nrate_limit = 5", "10 or more"),
    "a path above the root": ('[service]\nwritable_paths = ["/tmp/../etc"]', "without `..`"),
    "a path within another": ('[service]\nwritable_paths = ["/tmp", "/tmp/x"]', "/tmp is already writable"),
    "a path of the kernel": ('[service]\nwritable_paths = ["/proc"]', "which the kernel provides"),
    "a smoke test with a rolling deployment": (
        '[deployment]\nsmoke_test_path = "/health"',
        "choose a strategy that uses it: blue-green",
    ),
    "more tasks than the maximum": ("[scaling]\nmin_tasks = 5\nmax_tasks = 2", "at most max_tasks = 2"),
    "a domain as a setting": (
        '[load_balancer]\nhttps = "domain"\ndomain = "shop.example.com"',
        "parameter DomainName of the stacks.*when you create the pipeline stack",
    ),
    "a certificate as a setting": ('[load_balancer]\ncertificate_arn = "arn"', "parameter CertificateArn"),
    "a VPC as a setting": ('[network]\nkind = "existing"\nvpc_id = "vpc-1"', "parameter VpcId"),
    "a snapshot as a setting": ('[database]\nsnapshot = "before"', "parameter DatabaseSnapshot"),
    "HTTPS in the wrong group": ('[service]\nhttps = "domain"', r"write `https = \.\.\.` under `\[load_balancer\]`"),
    "more variables than a task definition holds": (
        f"[service.variables]\n{LONG}",
        "a task definition has at most 64 KiB",
    ),
    "more permissions than a policy holds": (WIDE, "shorten service.allow and service.secrets in phoenix.toml"),
}
NEAR = {
    "paths beside each other": '[service]\nwritable_paths = ["/tmp", "/tmpfiles", "/var/process"]',
    "a secret instead of a variable": '[service.variables]\nA = "1"\n[service.secrets]\nB = "x"',
    "no NAT gateway and a service with an endpoint": (
        '[network]\nnat_gateways = 0\n[[service.allow]]\nactions = ["sqs:SendMessage"]\n'
        'resources = ["*"]\nreason = "all"'
    ),
    "the least limit": "[load_balancer]\nrate_limit = 10",
}


@pytest.mark.parametrize(("text", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_refused_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "phoenix.toml").write_text(text)
    with pytest.raises(PhoenixError, match=words):
        Project.load(tmp_path)


@pytest.mark.parametrize("text", NEAR.values(), ids=NEAR)
def test_what_is_near_to_one_is_not_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "phoenix.toml").write_text(text)
    assert Project.load(tmp_path).settings
