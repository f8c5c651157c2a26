"""The build-time choices: what shapes the architecture, decided when the templates are written.

What differs from stage to stage (how many tasks, which email) is a parameter of the templates instead: parameters/.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from phoenix_cfn import choices
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


# Pinned: without a version AWS takes the newest. 5.0 is the line with long-term support.
# https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-version-support-dates.html
ENGINE_VERSION = "5.0.1"

_ZONES = "two different positions from 1 to 6 in the region's list of zones, such as [1, 2]"


class ServiceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The container and the size of its task."""

    container_port: Annotated[int, Meta(ge=1024, le=65535, description="The port that the container listens on.")] = (
        8080
    )
    health_check_path: Annotated[
        str,
        Meta(
            # As RFC 3986 spells a path with a query; the load balancer has no use for a fragment.
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
            pattern=r"^/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$",
            max_length=1024,
            description="The path that answers 200 while a task is healthy. It must not depend on the database.",
            extra={
                "expected": "a path that begins with / and has no spaces, at most 1,024 characters of a URI's path and "
                "query"
            },
        ),
    ] = "/health"
    workers: Annotated[int, Meta(ge=1, le=64, description="Processes in each task (WEB_CONCURRENCY).")] = 2
    cpu: Annotated[
        Literal[256, 512, 1024, 2048, 4096, 8192, 16384, 32768],
        Meta(description="CPU units of a task: 1,024 are one vCPU."),
    ] = 512
    memory: Annotated[int, Meta(description="Memory of a task in MiB, in a pair with cpu that Fargate offers.")] = 1024
    cpu_architecture: Annotated[
        Literal["X86_64", "ARM64"], Meta(description="The processor of the tasks and of the build.")
    ] = "X86_64"


class ScalingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many tasks run, and what adds more. Defaults of the stack's parameters, but for tasks_limit."""

    min_tasks: Annotated[int, Meta(ge=1, description="Default of MinRunningTasks.")] = 2
    max_tasks: Annotated[int, Meta(ge=1, description="Default of MaxRunningTasks.")] = 4
    tasks_limit: Annotated[int, Meta(ge=1, le=40, description="The most tasks that any stage may ask for.")] = 10
    requests_per_second_per_task: Annotated[
        int, Meta(ge=1, le=10_000, description="Default of RequestsPerSecondPerTask (R6).")
    ] = 10
    cpu_target_percent: Annotated[int, Meta(ge=10, le=90, description="Default of AutoScalingTargetValue.")] = 50


class AlarmSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of the alarms."""

    cpu_peak_percent: Annotated[int, Meta(ge=1, le=99, description="CPU of any task in any 20 seconds (R4).")] = 80
    server_errors_per_minute: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Responses of 500 and above in a minute, beyond one in 20 requests."),
    ] = 10


class RetentionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long logs and backups are kept (R3)."""

    # What CloudWatch Logs offers as a retention and DocumentDB as a backup period (1 to 35): both get the same number.
    days: Annotated[Literal[1, 3, 5, 7, 14, 30], Meta(description="Days that logs and database backups are kept.")] = 7


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The DocumentDB cluster."""

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


class NetworkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The VPC."""

    vpc_cidr: Annotated[
        str,
        Meta(
            description="The VPC's IPv4 addresses, from /16 to /22.",
            extra={"expected": "an IPv4 network such as 10.0.0.0/16"},
        ),
    ] = "10.0.0.0/16"
    # The most zones that a region has: us-east-1.
    # https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
    availability_zones: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=6)], Annotated[int, Meta(ge=1, le=6)]],
        Meta(
            description="Two positions in the region's list of Availability Zones, counted from 1.",
            extra={"expected": _ZONES},
        ),
    ] = (1, 2)


# Each has a file in pipeline/sources/.
SourceKind = Literal["github-oauth", "github-connection", "codecommit"]


class PipelineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the code comes from."""

    source: Annotated[SourceKind, Meta(description="Kind of the source action.")] = "github-oauth"


Action = Annotated[str, Meta(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")]


class TypePermissions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What CloudFormation calls for a resource type of which AWS's registry does not list it."""

    type: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$", description="The resource type.")]
    create: Annotated[tuple[Action, ...], Meta(description="Actions that create a resource.")]
    read: Annotated[tuple[Action, ...], Meta(description="Actions that read it.")]
    update: Annotated[tuple[Action, ...], Meta(description="Actions that change it.")]
    delete: Annotated[tuple[Action, ...], Meta(description="Actions that delete it.")]
    list: Annotated[tuple[Action, ...], Meta(description="Actions that list resources of the type.")] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The choices of one fork. Every one has a default that deploys the kata; phoenix.toml explains each.

    Raises SettingsError with every mistake: what was found, what was expected, and what to do.
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
            description="The folder of Dockerfile and buildspec.yml, from the repository's root.",
            extra={"expected": "a folder of the repository such as app, or a single dot for its root"},
        ),
    ] = "app"
    extension: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z_][A-Za-z0-9_]*\.py)?$",
            description="A Python file, beside phoenix.toml, that adds resources of your own. Empty: none.",
            extra={"expected": "the path of a Python file such as extension.py, from the folder of phoenix.toml"},
        ),
    ] = ""
    service: ServiceSettings = ServiceSettings()
    scaling: ScalingSettings = ScalingSettings()
    alarms: AlarmSettings = AlarmSettings()
    retention: RetentionSettings = RetentionSettings()
    database: DatabaseSettings = DatabaseSettings()
    network: NetworkSettings = NetworkSettings()
    pipeline: PipelineSettings = PipelineSettings()
    permissions: Annotated[
        tuple[TypePermissions, ...],
        Meta(
            description="What CloudFormation calls for types of your own of which AWS's registry does not list it.",
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
        """The settings in a TOML file; the defaults where there is no such file."""
        try:
            text = path.read_text(encoding="utf-8-sig")  # some editors write a mark first
        except FileNotFoundError as error:
            if path.is_symlink():
                words = "a link to a readable file"
                raise SettingsError(Mistake(None, "a link to nowhere", words, "Correct the link.")) from error
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(Mistake(None, error, "a readable UTF-8 file", f"Make {path.name} readable.")) from error
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(Mistake(None, error, "TOML", f"Correct {path.name} at that place.")) from error
        return cls.of(found)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Settings:
        """The settings in plain data, such as `{"database": {"instances": 1}}`."""
        usable, wrong = choices.read(cls, found, _MOVED)
        try:
            settings = cls(**usable)
        except SettingsError as error:
            blamed = {each.setting for each in wrong}
            wrong += [each for each in error.mistakes if not blamed.intersection((each.setting, *each.beside))]
        if wrong:
            raise SettingsError(*wrong)
        return settings


# The keys of version 1, which knew no groups, where their last part has changed.
_MOVED = {
    "retention_days": "retention.days",
    "database_instance_class": "database.instance_class",
    "database_instances": "database.instances",
}


def _contradictions(settings: Settings) -> Iterator[Mistake]:
    """What is wrong with values, each of which is right on its own."""
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
    yield from _beyond_types(settings)


def _beyond_types(settings: Settings) -> Iterator[Mistake]:
    """Values that a type or a pattern does not describe, since AWS lists what it accepts."""
    if settings.name in documentdb.RESERVED_DATABASES:
        words = f"a name that DocumentDB does not reserve, since the database has it too: not {settings.name}"
        yield Mistake("name", settings.name, words)
    for each in settings.permissions:
        actions = {action for name in ("create", "read", "update", "delete", "list") for action in getattr(each, name)}
        for action in sorted(actions):
            if action.lower() not in iam_actions():
                yield Mistake("permissions", action, f"actions of {each.type} that IAM knows")
    database, network = settings.database, settings.network
    if database.instance_class not in (offered := _instance_classes()):
        words = f"an instance class of DocumentDB {documentdb.line(ENGINE_VERSION)}: {', '.join(offered)}"
        yield Mistake("database.instance_class", database.instance_class, words)
    if not _is_vpc_cidr(network.vpc_cidr):
        words = (
            "an IPv4 network from /16 to /22 that a VPC may have, such as 10.0.0.0/16; not in 0.0.0.0/8, 127.0.0.0/8, "
            "169.254.0.0/16, 224.0.0.0/4 or 240.0.0.0/4"
        )
        yield Mistake("network.vpc_cidr", network.vpc_cidr, words)
    if len(set(network.availability_zones)) < len(network.availability_zones):
        yield Mistake("network.availability_zones", list(network.availability_zones), _ZONES)


def _instance_classes() -> list[str]:
    """What AWS offers and the engine version runs on; without db.serverless, which needs a scaling range too."""
    offered = Regions.recorded().instance_classes()
    return sorted(each for each in offered if documentdb.is_offered(each, ENGINE_VERSION))


def _is_vpc_cidr(text: str) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    # Python also reads a netmask, which AWS does not.
    if str(network) != text:
        return False
    # Six subnets are cut from it; /28 is the smallest that AWS allows and a load balancer wants /27 or wider.
    return 16 <= network.prefixlen <= 22 and vpc.is_assigned(network)
