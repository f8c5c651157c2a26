"""The values that parameters and settings accept and refuse, each with the AWS page (or other) that says so.

A parameter or a setting without a row fails tests/test_inputs.py. The parameters of the sources have theirs in
tests/pipeline/test_sources.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phoenix_cfn.pipeline.deployed import choices

_CFN_NUMBER = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html "
    "(Number: an integer or float)"
)
_CLUSTER = "https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html"
_SUPPORTABILITY = "https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-engine-version-supportability.html"


@dataclass(frozen=True)
class Row:
    """`says`: words that the text of each refusal contains."""

    accepted: tuple[Any, ...]
    refused: tuple[Any, ...]
    says: str
    source: str


PARAMETERS: dict[str, Row] = {
    "StagePrefix": Row(
        accepted=("dev", "a", "prod", "qa-2", "sg1", "internals", "awsome", "sthreefold", "a" * 20),
        refused=(
            *("", "Prod", "a_b", "-dev", "dev-", "a--b", "2nd", "xn--a", "a.b", "a b", "a" * 21),
            *("sg", "sg-1", "internal", "internal-1", "aws", "aws-service", "sthree", "sthree-a", "amzn-s3-demo"),
        ),
        says="lowercase letters, digits and single hyphens",
        source=(
            "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html (sg-), "
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html, "
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, " + _CLUSTER
        ),
    ),
    "ContainerPort": Row(
        accepted=("1024", "8080", "65535"),
        refused=("", "0", "80", "1023", "65536", "99999", "100000", "-1", "8080.5", "08080", "8e3", " 8080", "http"),
        says="from 1024 to 65535",
        source="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html",
    ),
    "MinRunningTasks": Row(
        accepted=("1", "2", "4"),
        refused=("", "0", "11", "-1", "2.5", "two"),
        says="from 1 to 10",
        source=_CFN_NUMBER,
    ),
    "MaxRunningTasks": Row(
        accepted=("2", "4", "10"),
        refused=("", "0", "11", "-1", "3.5", "all"),
        says="from 1 to 10",
        source=_CFN_NUMBER,
    ),
    "RequestsPerSecondPerTask": Row(
        accepted=("1", "10", "2.5", "10000"),
        refused=("", "0", "0.5", "10001", "many"),
        says="from 1 to 10000",
        source=(
            "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
            "API_TargetTrackingScalingPolicyConfiguration.html (Double)"
        ),
    ),
    "AutoScalingTargetValue": Row(
        accepted=("10", "50", "62.5", "90"),
        refused=("", "0", "9", "91", "100", "50%"),
        says="from 10 to 90",
        source=(
            "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
            "API_TargetTrackingScalingPolicyConfiguration.html (Double)"
        ),
    ),
    "MongoDBMasterUsername": Row(
        accepted=("documentdb", "A1", "a", "administrator", "root", "admin1", "rdsadmins", "a" * 63),
        refused=(
            *("", "1st", "a-b", "a_b", "a b", "a@b", "a" * 64),
            *("admin", "Admin", "ADMIN", "rdsadmin", "RdsAdmin", "serviceadmin", "serviceAdmin"),
        ),
        says="1 to 63 letters and digits",
        source=_CLUSTER + ", https://github.com/aws/aws-cdk/pull/13295 (admin)",
    ),
    "MongoDBPort": Row(
        accepted=("1150", "27017", "65535"),
        refused=("", "0", "443", "1149", "65536", "70000", "27017.5", "027017", "mongo"),
        says="from 1150 to 65535",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html (1150-65535)",
    ),
    "NotificationEmail": Row(
        accepted=(
            "",
            "ops@example.com",
            "first.last+phoenix@sub.example.co.uk",
            "o'brien@example.ie",
            "a@b.xn--p1ai",
            "a" * 64 + "@example.com",
        ),
        refused=(
            *("ops", "@example.com", "ops@", "ops@example", "a b@c.de", "a@b.c", 'a"@b.cc', "a\\b@c.de", "#{a}@b.cc"),
            *(
                ".a@b.cc",
                "a.@b.cc",
                "a..b@c.de",
                "a@b..cc",
                "a@-b.cc",
                "a@b-.cc",
                "a@b@c.de",
                "a@b_c.de",
                "a@b.c1,d@e.fg",
            ),
            *("a" * 65 + "@example.com", "x" * 40 + "@" + "y" * 60 + ".com", "ops@example.com "),
        ),
        says="an address such as ops@example.com",
        source="https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, https://www.rfc-editor.org/rfc/rfc5321",
    ),
    "MongoDBMasterPassword": Row(
        accepted=("", "a" * 8, "s3cret_Pa.ss~w-rd", "a!b*c'd(e)", "a+b,c;d=e&f", "0" * 100),
        refused=(
            *("short", "with space", "sl/ash-word", 'quo"teword', "at@sign00", "colon:colon", "question?", "hash#hash"),
            *("percent%41", "dollar$dollar", "back\\slash", "brace{brace}", "[bracket]", "ümlautumlaut", "a" * 101),
        ),
        says="safe in a URI",
        source=_CLUSTER + ", https://www.mongodb.com/docs/manual/reference/connection-string/",
    ),
    "MongoDBSecretArn": Row(
        accepted=(
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:dev-phoenix-database-AbCdEf",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:path/of_a+b=c.d@e-012345",
        ),
        refused=(
            "",
            "dev-phoenix-database",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database",
            "arn:aws:secretsmanager:eu-central-1:1234:secret:dev-phoenix-database-AbCdEf",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/database-AbCdEf",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a b-AbCdEf",
        ),
        says="full ARN of a secret",
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    "DatabaseSecretArn": Row(
        accepted=("arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/database-AbCdEf",),
        refused=(
            *("", "orders", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders"),
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf:key::",
        ),
        says="full ARN of a secret",
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    "DatabasePort": Row(
        accepted=("1024", "5432", "27017", "65535"),
        refused=("", "0", "443", "1023", "65536", "27017.5", "027017", "mongo"),
        says="from 1024 to 65535",
        source="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html",
    ),
    "DatabaseSnapshot": Row(
        accepted=(*("", "a", "dev-phoenix-final", "rds:dev-phoenix-2026-11-24-03-04", "a" * 84),),
        refused=(
            *("1a", "a--b", "a-", "a b", "a_b", "a" * 85, "rds:", "sql:a"),
            "arn:aws:rds:eu-central-1:123456789012:cluster-snapshot:a",
        ),
        says="name of a cluster snapshot",
        source="https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBClusterSnapshot.html",
    ),
    "VpcId": Row(
        accepted=("vpc-0123456789abcdef0", "vpc-01234567"),
        refused=(
            "",
            "vpc-",
            "vpc-0123456789",
            "subnet-0123456789abcdef0",
            "vpc-0123456789ABCDEF0",
            "0123456789abcdef0",
        ),
        says="an ID such as vpc-0123456789abcdef0",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html",
    ),
    **{
        f"{tier}Subnet{zone}": Row(
            accepted=("subnet-0123456789abcdef0", "subnet-01234567"),
            refused=("", "subnet-", "vpc-0123456789abcdef0", "subnet-a,subnet-b", "subnet-0123456789ABCDEF0"),
            says="an ID such as subnet-0123456789abcdef0",
            source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html",
        )
        for tier in ("Public", "Private", "Database")
        for zone in "AB"
    },
    "CertificateArn": Row(
        accepted=("arn:aws:acm:eu-central-1:123456789012:certificate/12345678-90ab-cdef-0123-4567890abcde",),
        refused=(
            *("", "certificate/12345678-90ab-cdef-0123-4567890abcde", "dev.example.com"),
            "arn:aws:acm:eu-central-1:123456789012:certificate/12345678",
            "arn:aws:iam::123456789012:server-certificate/a",
        ),
        says="ARN of an ACM certificate",
        source="https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html",
    ),
    "DomainName": Row(
        accepted=("example.com", "dev.example.com", "a-b.c--d.xn--p1ai", "a" * 60 + ".com"),
        refused=(
            *(
                "",
                "example",
                "Example.com",
                "example.com.",
                ".example.com",
                "*.example.com",
                "-a.example.com",
                "a_b.com",
            ),
            *("a-.example.com", "example.c", "https://example.com", "a b.com", "a" * 64 + ".com", "a." * 31 + "com"),
        ),
        says="at most 64 characters",
        source="https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html",
    ),
    "HostedZoneId": Row(
        accepted=("Z0123456789ABCDEFGHIJ", "Z3", "Z" + "A" * 31),
        refused=("", "Z", "/hostedzone/Z3", "z3", "A3", "Z" + "A" * 32, "example.com"),
        says="ID of a hosted zone",
        source="https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html",
    ),
    "DockerImageURI": Row(
        accepted=(
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/dev-phoenix@sha256:" + "0a" * 32,
            "public.ecr.aws/docker/library/node:24",
            "nginx",
            "a" * 255 + "@sha256:" + "0" * 64,
        ),
        refused=(
            *("", "a b", "https://example.com/a?b", "nginx@sha256:0", "nginx@md5:" + "0" * 64, "a" * 256),
            *("-nginx", "nginx@sha256:" + "g" * 64, "nginx\n"),
        ),
        says="without spaces",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    "RoleBoundaryArn": Row(
        accepted=(
            "arn:aws:iam::123456789012:policy/dev-phoenix-RoleBoundary-1A2B3C",
            "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
            "arn:aws-cn:iam::123456789012:policy/a/b/c_d+e=f,g.h@i-j",
        ),
        refused=(
            *("", "RoleBoundary", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::1234:policy/a"),
            *("arn:aws:iam::123456789012:policy/", "arn:aws:iam::123456789012:policy/a b"),
        ),
        says="ARN of a managed policy",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    ),
}

SETTINGS: dict[str, Row] = {
    "name": Row(
        accepted=("phoenix", "a", "billing-2", "2048", "sg", "internal", "a" * 20),
        refused=(
            *("", "Phoenix", "a_b", "a--b", "-a", "a-", "a.b", "a b", "a" * 45),
            *("admin", "config", "local", 1),
        ),
        says="'name'",
        source=_CLUSTER + " (63 characters), https://www.mongodb.com/docs/manual/reference/limits/",
    ),
    "source_dir": Row(
        accepted=("app", "services/orders", ".", "src_2"),
        refused=("", "/app", "app/", "../app", "a b", "app\n", 1),
        says="'source_dir'",
        source="a path in the repository",
    ),
    "extension": Row(
        accepted=("",),
        refused=("own", "/own.py", "../own.py", "own.py\n", "2own.py", True),
        says="'extension'",
        source="a path beside phoenix.toml; tests/test_extension.py has what it accepts",
    ),
    "permissions": Row(
        accepted=((),),
        refused=(
            "dax:CreateCluster",
            ["dax:CreateCluster"],
            [{"type": "AWS::DAX::Cluster"}],
            [{"type": "DAX", "create": [], "read": [], "update": [], "delete": []}],
            [{"type": "AWS::DAX::Cluster", "create": ["*"], "read": [], "update": [], "delete": []}],
            [{"type": "AWS::DAX::Cluster", "create": ["dax:*"], "read": [], "update": [], "delete": []}],
            [{"type": "AWS::DAX::Cluster", "create": ["dax:MakeCluster"], "read": [], "update": [], "delete": []}],
            [{"type": "AWS::DAX::Cluster", "creat": [], "read": [], "update": [], "delete": []}],
        ),
        says="'permissions'",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodbacceleratordax.html",
    ),
    "service.container_port": Row(
        accepted=(1024, 8080, 65535),
        refused=(0, 80, 1023, 65536, -1, "8080", 8080.0, True),
        says="'service.container_port'",
        source="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html",
    ),
    "service.health_check_path": Row(
        accepted=("/", "/health", "/health/", "/a?b=c&d=%20", "/~a/b.c;v=1", "/" + "a" * 1023),
        refused=("", "health", "/a b", "/a#b", "/ä", '/"', "/a\\b", "/%zz", "/<a>", "/a\n", "/" + "a" * 1024),
        says="begins with /",
        source=(
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html "
            "(a valid URI, /path?query)"
        ),
    ),
    "service.workers": Row(
        accepted=(1, 2, 64), refused=(0, 65, "2", 1.5), says="'service.workers'", source="the application: app/"
    ),
    "service.cpu": Row(
        accepted=(512,),
        refused=(0, 128, 300, 500, 65536, "512"),
        says="'service.cpu'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html",
    ),
    "service.memory": Row(
        accepted=(1024, 2048, 3072, 4096),
        refused=(0, 512, 1000, 1536, 5120, 8192, "1024"),
        says="'service.memory'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html",
    ),
    "service.cpu_architecture": Row(
        accepted=("X86_64", "ARM64"),
        refused=("", "x86_64", "arm64", "AMD64"),
        says="one of X86_64, ARM64",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html",
    ),
    "service.command": Row(
        accepted=((), ("gunicorn", "orders:app", "--bind", "0.0.0.0:9000"), ("sh", "-c", "exec a | b")),
        refused=("gunicorn", (1,), ("a", ""), ("a\nb",), {"a": 1}),
        says="'service.command'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    "service.user": Row(
        accepted=("1000:1000", "", "10001", "app", "app:www-data", "1000:app"),
        refused=("root", "0", "0:0", "root:app", "a b", ":1000", "1000:", "a:b:c", "-a", 1000, "app\n"),
        says="'service.user'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    "service.writable_paths": Row(
        accepted=((), ("/tmp",), ("/tmp", "/var/cache/app", "/a.b_c-d/")),
        refused=(
            "/tmp",
            ("tmp",),
            ("/",),
            ("",),
            ("/a/../b",),
            ("/./a",),
            ("/tmp", "/tmp"),
            ("/tmp", "/tmp/"),
            ("/a b",),
        ),
        says="'service.writable_paths'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html",
    ),
    "service.stop_timeout": Row(
        accepted=(2, 30, 120),
        refused=(0, 1, 121, "30", 2.5),
        says="'service.stop_timeout'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    "service.variables": Row(
        accepted=(
            {},
            {"LOG_LEVEL": "info", "_a1": "", "URL": "https://${StagePrefix}.example.com", "NODE_ENV": "test"},
            {
                "ARN": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q",
                "SHELL": "${!HOME} $5",
                "L": "a\nb",
            },
        ),
        refused=(
            *("LOG_LEVEL=info", ["LOG_LEVEL"], {"LOG_LEVEL": 1}, {"A": True}, {"1A": "a"}, {"A-B": "a"}, {"": "a"}),
            *({"A\n": "a"}, {"PORT": "80"}, {"WEB_CONCURRENCY": "1"}, {"DB_CONNECTION_STRING": "mongodb://"}),
            *({"AWS_SECRET_ACCESS_KEY": "a"}, {"A": "${Stage}"}, {"A": "${AWS::NoValue}"}, {"A": "${"}),
        ),
        says="'service.variables",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KeyValuePair.html",
    ),
    "service.secrets": Row(
        accepted=(
            {},
            {"KEY": "payments"},
            {"KEY": "${StagePrefix}/payments:api_key", "OTHER": "${StagePrefix}/payments:token"},
            {"KEY": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:payments-AbCdEf"},
            {"KEY": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:a/b-012345:key"},
        ),
        refused=(
            *("payments", {"KEY": ""}, {"KEY": "a b"}, {"KEY": "payments:"}, {"KEY": "payments:a:b"}, {"1KEY": "a"}),
            *({"KEY": 1}, {"PORT": "a"}, {"AWS_SESSION_TOKEN": "a"}, {"KEY": "${Stage}-a"}, {"KEY": "payments\n"}),
            # As Secrets Manager reads it, this name has the random ending of an ARN.
            {"KEY": "payment-secret"},
            {"KEY": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:payments"},
            {"KEY": "arn:aws:ssm:eu-central-1:123456789012:parameter/payments"},
            {"KEY": "arn:aws:secretsmanager:*:123456789012:secret:payments-AbCdEf"},
        ),
        says="'service.secrets",
        source=(
            "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html, "
            "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html"
        ),
    ),
    "service.allow": Row(
        accepted=((),),
        refused=(
            *("s3:GetObject", ["s3:GetObject"], [{"actions": ["s3:GetObject"]}], [{"actions": [], "resources": ["*"]}]),
            *(
                [{"actions": [action], "resources": ["arn:aws:s3:::orders/*"], "reason": "all"}]
                for action in ("*", "s3:*", "s3:Get*", "*:GetObject", "s3:Getobjekt", "GetObject")
            ),
            *(
                [{"actions": ["s3:GetObject"], "resources": [resource]}]
                for resource in ("*", "arn:aws:s3:::*", "arn:aws:s3:::*/*", "orders", "arn:aws:*:::orders", "arn:*")
            ),
            [{"actions": ["s3:GetObject"], "resources": []}],
            [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::${Stage}-orders/*"]}],
            [{"actions": ["s3:GetObject"], "resources": ["*"], "reason": " "}],
            [{"actions": ["s3:GetObject"], "resources": ["*"], "why": "all"}],
        ),
        says="'service.allow'",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html",
    ),
    "scaling.min_tasks": Row(
        accepted=(1, 2, 4), refused=(0, 5, -1, "2", 2.5), says="'scaling.min_tasks'", source="max_tasks"
    ),
    "scaling.max_tasks": Row(accepted=(2, 4, 10), refused=(1, 0, 11, "4", 4.5), says="_tasks'", source="tasks_limit"),
    "scaling.tasks_limit": Row(
        accepted=(4, 10, 40),
        refused=(0, 3, 41, "10"),
        says="tasks",
        source="the templates' size: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
    ),
    "scaling.requests_per_second_per_task": Row(
        accepted=(1, 10, 10_000),
        refused=(0, 10_001, "10", 0.5),
        says="'scaling.requests_per_second_per_task'",
        source="R6",
    ),
    "scaling.cpu_target_percent": Row(
        accepted=(10, 50, 90), refused=(9, 91, "50"), says="'scaling.cpu_target_percent'", source="R6"
    ),
    "alarms.cpu_peak_percent": Row(
        accepted=(1, 80, 99), refused=(0, 100, "80"), says="'alarms.cpu_peak_percent'", source="R4"
    ),
    "alarms.server_errors_per_minute": Row(
        accepted=(1, 10, 1_000_000), refused=(0, 1_000_001, "10"), says="'alarms.server_errors_per_minute'", source="R2"
    ),
    "deployment.strategy": Row(
        accepted=("rolling", "blue-green", "canary", "linear", "codedeploy"),
        refused=("", "no-such-strategy", "ROLLING", "blue_green", None),
        says="one of rolling, blue-green, canary, linear, codedeploy",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html",
    ),
    # Without a strategy that uses them, these accept their defaults only; tests/test_settings.py has the others.
    "deployment.step_percent": Row(
        accepted=(10,),
        refused=(0, 2, 51, 100, 20, "10", 10.5, True),
        says="'deployment.step_percent'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html (3 to 100)",
    ),
    "deployment.step_minutes": Row(
        accepted=(5,),
        refused=(0, 1441, 10, "5", 2.5),
        says="'deployment.step_minutes'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html (0 to 1440)",
    ),
    "deployment.bake_minutes": Row(
        accepted=(5,),
        refused=(-1, 1441, 0, "5", 2.5),
        says="'deployment.bake_minutes'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html (0 to 1440)",
    ),
    "deployment.approval": Row(
        accepted=(True, False),
        refused=(0, 1, "true", None),
        says="true or false",
        source="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-action-add.html",
    ),
    "deployment.smoke_test_path": Row(
        accepted=("",),
        refused=("health", "/a b", "/a#b", "/ä", "/%zz", "/a\n", "/" + "a" * 1024, "/health", True),
        says="'deployment.smoke_test_path'",
        source="https://www.rfc-editor.org/rfc/rfc3986#section-3.3",
    ),
    "retention.days": Row(
        accepted=(1, 3, 5, 7, 14, 30),
        refused=(0, 2, 6, 10, 35, 60, 90, "7"),
        says="'retention.days'",
        source=(
            "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html, "
            + _CLUSTER
            + " (1 to 35)"
        ),
    ),
    "database.variable": Row(
        accepted=("DB_CONNECTION_STRING", "MONGODB_URI", "_a1"),
        refused=("", "1A", "A-B", "A B", "PORT", "WEB_CONCURRENCY", "AWS_SESSION_TOKEN", "A\n", 1),
        says="'database.variable'",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html",
    ),
    "database.serverless_capacity": Row(
        accepted=((), (0.5, 1), (0.5, 256), (4, 4), (1.5, 2)),
        refused=((1,), (4, 2), (0, 4), (0.5, 0.5), (0.5, 256.5), (0.7, 4), (1, 2, 3), ("1", "2"), 4, True),
        says="'database.serverless_capacity'",
        source="https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-serverless-scaling-config.html",
    ),
    "database.deletion_protection": Row(
        accepted=(True, False), refused=("true", 1, ""), says="'database.deletion_protection'", source=_CLUSTER
    ),
    "database.from_snapshot": Row(
        accepted=(True, False), refused=("true", 1, "a-snapshot"), says="'database.from_snapshot'", source=_CLUSTER
    ),
    "database.instance_class": Row(
        accepted=(
            *("db.t3.medium", "db.t4g.medium", "db.r5.large", "db.r5.24xlarge", "db.r6g.16xlarge"),
            *("db.r6gd.xlarge", "db.r8g.48xlarge"),
        ),
        refused=(
            *("", "t4g.medium", "db.t4g.large", "db.t3.small", "db.r4.large", "db.r6gd.large", "db.r7g.large"),
            *("db.serverless", "db.m5.large", "DB.R5.LARGE", "db.r5.24xlarge "),
        ),
        says="an instance class of DocumentDB 5.0",
        source=_SUPPORTABILITY,
    ),
    "database.instances": Row(
        accepted=(1, 2, 16),
        refused=(0, 17, "2"),
        says="'database.instances'",
        source="https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html",
    ),
    "network.nat_gateways": Row(
        accepted=(0, 1, 2),
        refused=(-1, 3, "1", 1.0, True),
        says="'network.nat_gateways'",
        source="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html",
    ),
    "network.vpc_cidr": Row(
        accepted=(
            *("10.0.0.0/16", "172.20.128.0/20", "192.168.4.0/22", "172.17.0.0/16", "100.64.0.0/16", "198.19.0.0/16"),
            *("8.8.0.0/16", "223.255.0.0/16"),
        ),
        refused=(
            *("", "10.0.0.0", "10.0.0.0/8", "10.0.0.0/15", "10.0.0.0/23", "10.0.0.0/28", "10.0.0.1/16", "10.0.0.0/16 "),
            *("0.0.0.0/16", "0.1.0.0/16", "127.0.0.0/16", "127.255.0.0/16", "169.254.0.0/16", "169.254.16.0/20"),
            *(
                "224.0.0.0/16",
                "239.255.0.0/16",
                "240.0.0.0/16",
                "255.255.252.0/22",
                "fd00::/16",
                "10.0.0.0/255.255.0.0",
            ),
        ),
        says="an IPv4 network from /16 to /22",
        source="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
    ),
    "network.availability_zones": Row(
        accepted=((1, 2), (2, 1), (1, 3), (5, 6)),
        refused=(
            *((), (1,), (1, 1), (1, 2, 3), (0, 1), (1, 7), (-1, 1), ("1", "2"), (1.0, 2.0), (True, 2), ([1], [1])),
            *("1, 2", 2),
        ),
        says="'network.availability_zones'",
        source="https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html",
    ),
}

SETTINGS["load_balancer.content_security_policy"] = Row(
    accepted=("", "default-src 'self'", "default-src 'self' https://cdn.example.com; img-src *", "a" * 1024),
    refused=("default-src 'sélf'", "a\nb", "a\n", "a" * 1025, 1, True),
    says="'load_balancer.content_security_policy'",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html",
)
SETTINGS["load_balancer.rate_limit"] = Row(
    accepted=(0, 10, 1000, 2_000_000_000),
    refused=(-1, 1, 9, 2_000_000_001, "10", 10.5, True),
    says="'load_balancer.rate_limit'",
    source="https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html",
)
SETTINGS["load_balancer.https"] = Row(
    accepted=("off", "certificate", "domain"),
    refused=("", "on", "OFF", True, None),
    says="'load_balancer.https'",
    source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html",
)

# A setting that chooses between kinds accepts their names, each of which is a file here.
SETTINGS |= {
    f"{group}.{name}": Row(values, ("", "no-such-kind", values[0].upper(), None), f"'{group}.{name}'", "phoenix_cfn/")
    for (group, name), values in choices().items()
    if f"{group}.{name}" not in SETTINGS and isinstance(values[0], str)
}
