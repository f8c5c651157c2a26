"""The build-time choices: what shapes the architecture, decided when the templates are written.

What differs from stage to stage (how many tasks, which email) is a parameter of the templates instead: parameters.py.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from phoenix_cfn.errors import SettingsError
from phoenix_cfn.facts import documentdb, vpc
from phoenix_cfn.facts.regions import Regions
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
SOURCES = ("github-oauth", "github-connection", "codecommit")
CPU_ARCHITECTURES = ("X86_64", "ARM64")
# Days that CloudWatch Logs offers as a retention and DocumentDB as a backup period (1 to 35): both get the same number.
RETENTION_DAYS = (1, 3, 5, 7, 14, 30)
# Pinned: without a version AWS takes the newest. 5.0 is the line with long-term support.
# https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-version-support-dates.html
ENGINE_VERSION = "5.0.1"
# The most zones that a region has: us-east-1.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
_MOST_ZONES = 6
# A path with an optional query, as RFC 3986 spells them; the load balancer has no use for a fragment.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
_HEALTH_CHECK_PATH = r"/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The choices of one fork. Every one has a default that deploys the kata; phoenix.toml explains each.

    Raises SettingsError, which says what was found, what was expected and what to do.
    """

    name: str = "phoenix"
    source: str = "github-oauth"
    container_port: int = 8080
    health_check_path: str = "/health"
    workers: int = 2
    cpu: int = 512
    memory: int = 1024
    cpu_architecture: str = "X86_64"
    min_tasks: int = 2
    max_tasks: int = 4
    tasks_limit: int = 10
    requests_per_second_per_task: int = 10
    cpu_target_percent: int = 50
    cpu_peak_percent: int = 80
    server_errors_per_minute: int = 10
    retention_days: int = 7
    database_instance_class: str = "db.t4g.medium"
    database_instances: int = 2
    vpc_cidr: str = "10.0.0.0/16"
    availability_zones: tuple[int, ...] = (1, 2)

    def __post_init__(self) -> None:
        for field in fields(self):
            value, expected = getattr(self, field.name), type(field.default)
            # bool is an int to Python, but `workers = true` is a mistake to a person.
            if type(value) is not expected:
                raise SettingsError(
                    field.name,
                    _as_toml(value),
                    f"{_KIND[expected]}, as in the default {_as_toml(field.default)!r}",
                    "Correct the value.",
                )
        self._check(
            "name",
            bool(re.fullmatch(NAME_PATTERN, self.name)) and self.name not in documentdb.RESERVED_DATABASES,
            "lower-case words joined by single hyphens; the application's database has this name, "
            f"so not {', '.join(documentdb.RESERVED_DATABASES)}",
        )
        Names.of(self.name)  # refuses a name that would overflow a limit of AWS
        self._check("source", self.source in SOURCES, f"one of {', '.join(SOURCES)}")
        self._check_range("container_port", 1024, 65535)
        self._check(
            "health_check_path",
            bool(re.fullmatch(_HEALTH_CHECK_PATH, self.health_check_path)) and len(self.health_check_path) <= 1024,
            "a path that begins with / and has no spaces, at most 1,024 characters of a URI's path and query",
        )
        self._check_range("workers", 1, 64)
        self._check("cpu", self.cpu in FARGATE_SIZES, f"one of Fargate's sizes {tuple(FARGATE_SIZES)} (CPU units)")
        sizes = FARGATE_SIZES[self.cpu]
        self._check("memory", self.memory in sizes, f"one of {sizes} (MiB), which Fargate offers with cpu = {self.cpu}")
        self._check(
            "cpu_architecture", self.cpu_architecture in CPU_ARCHITECTURES, f"one of {', '.join(CPU_ARCHITECTURES)}"
        )
        self._check_range("tasks_limit", 1, 40)
        self._check_range("max_tasks", 1, self.tasks_limit)
        self._check_range("min_tasks", 1, self.max_tasks)
        self._check_range("requests_per_second_per_task", 1, 10_000)
        self._check_range("cpu_target_percent", 10, 90)
        self._check_range("cpu_peak_percent", 1, 99)
        self._check_range("server_errors_per_minute", 1, 1_000_000)
        self._check("retention_days", self.retention_days in RETENTION_DAYS, f"one of {RETENTION_DAYS} (days)")
        self._check(
            "database_instance_class",
            self.database_instance_class in _instance_classes(),
            f"an instance class of DocumentDB {documentdb.line(ENGINE_VERSION)}: {', '.join(_instance_classes())}",
        )
        self._check_range("database_instances", 1, 16)
        self._check(
            "vpc_cidr",
            _is_vpc_cidr(self.vpc_cidr),
            "an IPv4 network from /16 to /22 that a VPC may have, such as 10.0.0.0/16; not in 0.0.0.0/8, 127.0.0.0/8, "
            "169.254.0.0/16, 224.0.0.0/4 or 240.0.0.0/4",
        )
        self._check(
            "availability_zones",
            all(type(each) is int and 1 <= each <= _MOST_ZONES for each in self.availability_zones)
            and len(self.availability_zones) == len(set(self.availability_zones)) == 2,
            f"two different positions from 1 to {_MOST_ZONES} in the region's list of zones, such as [1, 2]",
        )

    def _check(self, name: str, good: bool, expected: str) -> None:
        if not good:
            raise SettingsError(name, _as_toml(getattr(self, name)), expected, "Correct the value.")

    def _check_range(self, name: str, low: int, high: int) -> None:
        self._check(name, low <= getattr(self, name) <= high, f"a number from {low} to {high}")

    @classmethod
    def load(cls, path: Path) -> Settings:
        """The settings in a TOML file; the defaults where there is no such file."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(None, str(error), "a readable UTF-8 file", f"Make {path.name} readable.") from error
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(None, str(error), "TOML", f"Correct {path.name} at that place.") from error
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        for key in found:
            if key not in known:
                raise SettingsError(key, found[key], f"one of {', '.join(sorted(known))}", "Correct or remove the key.")
        return cls(**values)


_KIND: dict[type, str] = {str: "a string", int: "a whole number", tuple: "a list of whole numbers"}


def _as_toml(value: object) -> object:
    """A tuple as the list that the file has."""
    return list(value) if isinstance(value, tuple) else value


def _instance_classes() -> list[str]:
    """What AWS sells and the engine version runs on; without db.serverless, which needs a scaling range too."""
    sold = Regions.recorded().instance_classes()
    return sorted(each for each in sold if documentdb.is_offered(each, ENGINE_VERSION))


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
