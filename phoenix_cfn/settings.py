"""The build-time choices, which shape the architecture when the templates are generated.

Values that differ between stages, such as the number of tasks or the email address, are parameters of the templates:
parameters/.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from phoenix_cfn import choices, contradictions
from phoenix_cfn.cloudformation.facts import documentdb, vpc
from phoenix_cfn.cloudformation.facts.regions import Regions
from phoenix_cfn.cloudformation.schemas import iam_actions
from phoenix_cfn.errors import Mistake, SettingsError
from phoenix_cfn.naming import NAME_PATTERN, Names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# CPU units (1,024 are one vCPU) and the MiB of memory that Fargate offers with them.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
    32768: (61440, 122880, 249856),
}


# Pinned: without a version AWS uses the newest. 5.0 is the version with long-term support.
# https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-version-support-dates.html
ENGINE_VERSION = "5.0.1"

# A path with a query as in RFC 3986; the load balancer does not use a fragment.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
_PATH = r"/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
_PATH_WORDS = "a path that begins with /, with at most 1,024 characters of a URI's path and query and no spaces"

_ZONES = "two different positions from 1 to 6 in the region's list of Availability Zones, such as [1, 2]"


Action = Annotated[str, Meta(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")]


class TaskPermission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Permissions of the tasks to call AWS."""

    actions: Annotated[tuple[Action, ...], Meta(min_length=1, description="IAM actions, without wildcards.")]
    resources: Annotated[tuple[str, ...], Meta(min_length=1, description="ARNs; `*` needs a reason.")]
    reason: Annotated[str, Meta(description="The reason for `*` as a resource: required with it.")] = ""


class ServiceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The container and the size of its task."""

    container_port: Annotated[int, Meta(ge=1024, le=65535, description="The port that the container listens on.")] = (
        8080
    )
    health_check_path: Annotated[
        str,
        Meta(
            pattern=f"^{_PATH}$",
            max_length=1024,
            description="The path that returns 200 while a task is healthy. It must not depend on the database.",
            extra={"expected": _PATH_WORDS},
        ),
    ] = "/health"
    workers: Annotated[int, Meta(ge=1, le=64, description="Processes in each task (WEB_CONCURRENCY).")] = 2
    cpu: Annotated[
        Literal[256, 512, 1024, 2048, 4096, 8192, 16384, 32768],
        Meta(description="CPU units of a task: 1,024 are one vCPU."),
    ] = 512
    memory: Annotated[int, Meta(description="Memory of a task in MiB: one that Fargate offers with cpu.")] = 1024
    cpu_architecture: Annotated[
        Literal["X86_64", "ARM64"], Meta(description="The CPU architecture of the tasks and of the build.")
    ] = "X86_64"
    command: Annotated[
        tuple[str, ...],
        Meta(
            description="The command of the container. Empty: the image's command.",
            extra={"expected": 'a list of strings such as ["gunicorn", "orders:app"]'},
        ),
    ] = ()
    user: Annotated[
        str,
        Meta(
            description="The user and group of the container. Empty: the image's user.",
            pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?)?$",
            extra={"expected": "a user and optionally a group, each a number or a name, such as 1000:1000; not root"},
        ),
    ] = "1000:1000"
    writable_paths: Annotated[
        tuple[str, ...],
        Meta(
            description="Directories that the container may write to; all other files are read-only.",
            extra={"expected": 'a list of absolute paths without `..`, such as ["/tmp"], each once'},
        ),
    ] = ()
    stop_timeout: Annotated[
        int,
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
        Meta(ge=2, le=120, description="Seconds that a task has after SIGTERM to complete its requests."),
    ] = 30
    variables: Annotated[
        dict[str, str],
        Meta(
            description="Environment variables. A value may contain ${StagePrefix}.",
            extra={"expected": 'a table `[service.variables]` of names and strings, such as LOG_LEVEL = "info"'},
        ),
    ] = field(default_factory=dict)
    secrets: Annotated[
        dict[str, str],
        Meta(
            description="Variables from Secrets Manager: a secret's name or ARN, with `:key` for a JSON key.",
            extra={
                "expected": "a table `[service.secrets]` of variables and their secrets, such as "
                'API_KEY = "${StagePrefix}/payments:api_key"'
            },
        ),
    ] = field(default_factory=dict)
    allow: Annotated[
        tuple[TaskPermission, ...],
        Meta(
            description="Permissions of the tasks to call AWS.",
            extra={
                "expected": "tables `[[service.allow]]` with actions such as s3:GetObject, each by its full name, and "
                "resources as ARNs"
            },
        ),
    ] = ()

    def __hash__(self) -> int:
        """Tables have no hash of their own."""
        return hash(msgspec.json.encode(self))


class ScalingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of tasks, and the targets of scaling. All except tasks_limit are defaults of parameters."""

    min_tasks: Annotated[int, Meta(ge=1, description="Default of MinRunningTasks.")] = 2
    max_tasks: Annotated[int, Meta(ge=1, description="Default of MaxRunningTasks.")] = 4
    tasks_limit: Annotated[int, Meta(ge=1, le=40, description="The maximum number of tasks that a stage may set.")] = 10
    requests_per_second_per_task: Annotated[
        int, Meta(ge=1, le=10_000, description="Default of RequestsPerSecondPerTask (R6).")
    ] = 10
    cpu_target_percent: Annotated[int, Meta(ge=10, le=90, description="Default of AutoScalingTargetValue.")] = 50


class AlarmSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of the alarms."""

    cpu_peak_percent: Annotated[
        int, Meta(ge=1, le=99, description="CPU utilization of any task in any 20 seconds (R4).")
    ] = 80
    server_errors_per_minute: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="5xx responses in a minute, above 5 % of the requests."),
    ] = 10


# Each has a file in infrastructure/deployments/.
DeploymentStrategy = Literal["rolling", "blue-green", "canary", "linear", "codedeploy"]


class DeploymentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a new version replaces the running one."""

    strategy: Annotated[DeploymentStrategy, Meta(description="How a new version replaces the running one.")] = "rolling"
    step_percent: Annotated[
        int, Meta(ge=3, le=50, description="Percentage of the requests that each step shifts to the new version.")
    ] = 10
    step_minutes: Annotated[int, Meta(ge=1, le=1440, description="Minutes between steps.")] = 5
    bake_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=1440,
            description="Minutes that the old version keeps running after the new one receives all requests.",
        ),
    ] = 5
    approval: Annotated[
        bool, Meta(description="Whether the pipeline waits for a manual approval before it deploys.")
    ] = False
    smoke_test_path: Annotated[
        str,
        Meta(
            pattern=rf"^({_PATH})?$",
            max_length=1024,
            description="A path that must return 200 on the new version before it receives requests. Empty: no test.",
            extra={"expected": f"{_PATH_WORDS}, or an empty string"},
        ),
    ] = ""

    @property
    def shifts(self) -> bool:
        """Whether two versions run side by side, each in its target group, and requests shift between them."""
        return self.strategy != "rolling"


class RetentionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long logs and backups are kept (R3)."""

    # Valid as a retention of CloudWatch Logs and as a backup period of DocumentDB (1 to 35): both get the same number.
    days: Annotated[Literal[1, 3, 5, 7, 14, 30], Meta(description="Days that logs and database backups are kept.")] = 7


# Each has a file in infrastructure/database/.
DatabaseKind = Literal["documentdb", "external", "none"]


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The database: a DocumentDB cluster, an external database, or none."""

    kind: Annotated[
        DatabaseKind,
        Meta(description="A DocumentDB cluster, an external database (a secret has its connection string), or none."),
    ] = "documentdb"
    variable: Annotated[
        str,
        Meta(
            description="The environment variable with the connection string.",
            extra={"expected": "a name of letters, digits and underscores, such as DB_CONNECTION_STRING"},
        ),
    ] = "DB_CONNECTION_STRING"
    instance_class: Annotated[
        str,
        Meta(
            description="Instance class of DocumentDB.",
            extra={"expected": "an instance class of DocumentDB, such as db.t4g.medium"},
        ),
    ] = "db.t4g.medium"
    instances: Annotated[
        int, Meta(ge=1, le=16, description="Number of instances. Two run in two Availability Zones.")
    ] = 2
    serverless_capacity: Annotated[
        tuple[float, ...],
        Meta(
            description="The minimum and maximum capacity (DCUs) of each serverless instance. Empty: not serverless.",
            extra={"expected": "two multiples of 0.5 from 0.5 to 256, the minimum and the maximum, such as [0.5, 4]"},
        ),
    ] = ()
    deletion_protection: Annotated[
        bool, Meta(description="Whether the cluster has deletion protection: the stack then cannot be deleted.")
    ] = False
    from_snapshot: Annotated[
        bool, Meta(description="Whether the stack has a parameter for a snapshot to create the cluster from.")
    ] = False

    @property
    def has_cluster(self) -> bool:
        """Whether the stack has a cluster, with its parameters, credentials, alarms and subnets."""
        return self.kind not in ("external", "none")

    @property
    def class_of_instances(self) -> str:
        return "db.serverless" if self.serverless_capacity else self.instance_class


# Each has a file in infrastructure/network/.
NetworkKind = Literal["vpc", "existing"]


class NetworkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The VPC: a new one for the stage, or an existing one."""

    kind: Annotated[
        NetworkKind, Meta(description="A new VPC for the stage, or an existing one, whose subnets are parameters.")
    ] = "vpc"
    nat_gateways: Annotated[
        Literal[0, 1, 2],
        Meta(description="NAT gateways: 2 (one per zone), 1 (for both), or 0 (endpoints for AWS services instead)."),
    ] = 2
    vpc_cidr: Annotated[
        str,
        Meta(
            description="The VPC's IPv4 addresses, from /16 to /22.",
            extra={"expected": "an IPv4 network such as 10.0.0.0/16"},
        ),
    ] = "10.0.0.0/16"
    # The maximum of all regions is that of us-east-1.
    # https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
    availability_zones: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=6)], Annotated[int, Meta(ge=1, le=6)]],
        Meta(
            description="Two positions in the region's list of Availability Zones, counted from 1.",
            extra={"expected": _ZONES},
        ),
    ] = (1, 2)


HttpsKind = Literal["off", "certificate", "domain"]


class LoadBalancerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The load balancer."""

    https: Annotated[
        HttpsKind,
        Meta(description="Off, with an existing certificate, or with a new certificate for a domain in a hosted zone."),
    ] = "off"
    rate_limit: Annotated[
        int,
        # https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
        Meta(
            ge=0,
            le=2_000_000_000,
            description="Requests per minute from one IP address; above it, the response is 429. 0: no limit.",
            extra={"expected": "a whole number from 10 to 2,000,000,000, or 0 for no limit"},
        ),
    ] = 0
    content_security_policy: Annotated[
        str,
        Meta(
            pattern=r"^[ -~]*$",
            max_length=1024,
            description="The Content-Security-Policy header of all responses. Empty: that of the application.",
            extra={"expected": "a policy of at most 1,024 printable ASCII characters, such as default-src 'self'"},
        ),
    ] = "default-src 'self'"


# Each has a file in pipeline/sources/.
SourceKind = Literal["github-oauth", "github-connection", "codecommit"]


class PipelineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The source of the code."""

    source: Annotated[SourceKind, Meta(description="Kind of the source action.")] = "github-oauth"


class TypePermissions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The permissions of a resource type whose registry schema does not list them."""

    type: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$", description="The resource type.")]
    create: Annotated[tuple[Action, ...], Meta(description="Actions that create a resource.")]
    read: Annotated[tuple[Action, ...], Meta(description="Actions that read it.")]
    update: Annotated[tuple[Action, ...], Meta(description="Actions that change it.")]
    delete: Annotated[tuple[Action, ...], Meta(description="Actions that delete it.")]
    list: Annotated[tuple[Action, ...], Meta(description="Actions that list resources of the type.")] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The choices of one fork. Each has a default that deploys the kata, and is explained in phoenix.toml.

    Raises SettingsError with all mistakes: what was found, what was expected, and what to do.
    """

    name: Annotated[
        str,
        Meta(
            pattern=f"^{NAME_PATTERN}$",
            description="The service's name: part of every physical name, of the container's name and of a tag.",
            extra={"expected": "lower-case words joined by single hyphens"},
        ),
    ] = "phoenix"
    source_dir: Annotated[
        str,
        Meta(
            pattern=r"^(\.|[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)$",
            description="The folder of Dockerfile and buildspec.yml, relative to the repository's root.",
            extra={"expected": "a folder of the repository such as app, or a single dot for its root"},
        ),
    ] = "app"
    extension: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z_][A-Za-z0-9_]*\.py)?$",
            description="A Python file, relative to phoenix.toml, that adds your own resources. Empty: none.",
            extra={
                "expected": "the path of a Python file such as extension.py, relative to the folder of phoenix.toml"
            },
        ),
    ] = ""
    service: ServiceSettings = ServiceSettings()
    scaling: ScalingSettings = ScalingSettings()
    alarms: AlarmSettings = AlarmSettings()
    deployment: DeploymentSettings = DeploymentSettings()
    retention: RetentionSettings = RetentionSettings()
    database: DatabaseSettings = DatabaseSettings()
    network: NetworkSettings = NetworkSettings()
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    pipeline: PipelineSettings = PipelineSettings()
    permissions: Annotated[
        tuple[TypePermissions, ...],
        Meta(
            description="IAM actions for resource types of your own whose registry schemas do not list them.",
            extra={
                "expected": "tables `[[permissions]]` with a type such as AWS::DAX::Cluster, and create, read, update "
                "and delete as lists of IAM actions such as dax:CreateCluster"
            },
        ),
    ] = ()

    def __post_init__(self) -> None:
        wrong = list(choices.mistakes(self)) or list(_contradictions(self))
        if wrong:
            raise SettingsError(*wrong)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """The settings in a TOML file; the defaults if the file does not exist. Raises SettingsError."""
        try:
            text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
        except FileNotFoundError as error:
            if path.is_symlink():
                words = "a symbolic link to a readable file"
                raise SettingsError(Mistake(None, "a broken symbolic link", words, "Correct the link.")) from error
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(Mistake(None, error, "a readable UTF-8 file", f"Make {path.name} readable.")) from error
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(Mistake(None, error, "TOML", f"Correct {path.name} there.")) from error
        return cls.of(found)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Settings:
        """The settings in plain data, such as `{"database": {"instances": 1}}`. Raises SettingsError."""
        usable, wrong = choices.read(cls, found, _MOVED)
        try:
            settings = cls(**usable)
        except SettingsError as error:
            blamed = {each.setting for each in wrong}
            wrong += [each for each in error.mistakes if not blamed.intersection((each.setting, *each.beside))]
        if wrong:
            raise SettingsError(*wrong)
        return settings


# Keys of version 1, which had no groups, whose last part has changed.
_MOVED = {
    "retention_days": "retention.days",
    "database_instance_class": "database.instance_class",
    "database_instances": "database.instances",
}


def _contradictions(settings: Settings) -> Iterator[Mistake]:
    """Values that are valid alone, but not together."""
    try:
        Names.of(settings.name)
    except SettingsError as error:
        yield from error.mistakes
    service, scaling = settings.service, settings.scaling
    sizes = FARGATE_SIZES[service.cpu]
    if service.memory not in sizes:
        words = f"one of {sizes} (MiB), which Fargate offers with cpu = {service.cpu}"
        yield Mistake("service.memory", service.memory, words, beside=("service.cpu",))
    if scaling.max_tasks > scaling.tasks_limit:
        words = f"at most tasks_limit = {scaling.tasks_limit}"
        yield Mistake("scaling.max_tasks", scaling.max_tasks, words, beside=("scaling.tasks_limit",))
    if scaling.min_tasks > scaling.max_tasks:
        words = f"at most max_tasks = {scaling.max_tasks}"
        yield Mistake("scaling.min_tasks", scaling.min_tasks, words, beside=("scaling.max_tasks",))
    yield from _unused_by_the_strategy(settings.deployment)
    yield from _beyond_types(settings)
    yield from contradictions.found(settings)


# The maximum time of a deployment by CloudFormation, in minutes.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-deploymentconfiguration.html
_LONGEST_DEPLOYMENT = 33 * 60


def _unused_by_the_strategy(deployment: DeploymentSettings) -> Iterator[Mistake]:
    """Values that the strategy does not use, and deployments that take too long."""
    strategy, default = deployment.strategy, DeploymentSettings()
    uses = {
        "step_percent": ("canary", "linear", "codedeploy"),
        "step_minutes": ("canary", "linear", "codedeploy"),
        "bake_minutes": ("blue-green", "canary", "linear", "codedeploy"),
        "smoke_test_path": ("blue-green", "canary", "linear", "codedeploy"),
    }
    wrong = [
        name
        for name, users in uses.items()
        if getattr(deployment, name) != getattr(default, name) and strategy not in users
    ]
    for name in wrong:
        words = f"no value with strategy = {strategy!r}, which does not use it"
        remedy = f"Remove it, or choose a strategy that uses it: {', '.join(uses[name])}."
        yield Mistake(f"deployment.{name}", getattr(deployment, name), words, remedy, beside=("deployment.strategy",))
    steps = {"canary": 1, "linear": -(-100 // deployment.step_percent)}.get(strategy, 0)
    minutes = steps * deployment.step_minutes + deployment.bake_minutes
    if not wrong and minutes > _LONGEST_DEPLOYMENT:
        words = (
            f"at most {_LONGEST_DEPLOYMENT} minutes for {steps} steps and bake_minutes = {deployment.bake_minutes} "
            f"together; these take {minutes}"
        )
        beside = tuple(f"deployment.{name}" for name in ("strategy", "step_percent", "bake_minutes"))
        yield Mistake("deployment.step_minutes", deployment.step_minutes, words, beside=beside)


def _beyond_types(settings: Settings) -> Iterator[Mistake]:
    """Values that types and patterns cannot check, since AWS has lists of valid ones."""
    if settings.name in documentdb.RESERVED_DATABASES:
        words = (
            f"a name that DocumentDB does not reserve, since it is also the name of the database: not {settings.name}"
        )
        yield Mistake("name", settings.name, words)
    for each in settings.permissions:
        actions = {action for name in ("create", "read", "update", "delete", "list") for action in getattr(each, name)}
        for action in sorted(actions):
            if action.lower() not in iam_actions():
                yield Mistake("permissions", action, f"existing IAM actions for {each.type}")
    database, network = settings.database, settings.network
    if database.instance_class not in (offered := _instance_classes()):
        words = f"an instance class of DocumentDB {documentdb.line(ENGINE_VERSION)}: {', '.join(offered)}"
        yield Mistake("database.instance_class", database.instance_class, words)
    if not _is_vpc_cidr(network.vpc_cidr):
        words = (
            "an IPv4 network from /16 to /22 that a VPC can have, such as 10.0.0.0/16; not in 0.0.0.0/8, 127.0.0.0/8, "
            "169.254.0.0/16, 224.0.0.0/4 or 240.0.0.0/4"
        )
        yield Mistake("network.vpc_cidr", network.vpc_cidr, words)
    if len(set(network.availability_zones)) < len(network.availability_zones):
        yield Mistake("network.availability_zones", list(network.availability_zones), _ZONES)


def _instance_classes() -> list[str]:
    """The classes that AWS offers for the engine version, without db.serverless, which needs a scaling range."""
    offered = Regions.recorded().instance_classes()
    return sorted(each for each in offered if documentdb.is_offered(each, ENGINE_VERSION))


def _is_vpc_cidr(text: str) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    # Python also accepts a netmask, which AWS does not.
    if str(network) != text:
        return False
    # It contains six subnets; the minimum of AWS is /28, and a load balancer needs /27 or larger.
    return 16 <= network.prefixlen <= 22 and vpc.is_assigned(network)
