"""Settings of the right types that contradict each other, or that AWS refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from phoenix_cfn.choices import fields_of
from phoenix_cfn.cloudformation.facts.endpoints import GATEWAYS, INTERFACES
from phoenix_cfn.cloudformation.schemas import iam_actions
from phoenix_cfn.environment import (
    PLACEHOLDERS,
    is_resource,
    is_wide,
    mistake_in_name,
    secret_source,
    unknown_placeholders,
)
from phoenix_cfn.errors import Mistake

_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+/?")
_OF_THE_KERNEL = ("dev", "proc", "sys")
# Characters of all variables together. A task definition has at most 64 KiB, including its other properties.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
_VARIABLES = 48 * 1024

if TYPE_CHECKING:
    from phoenix_cfn.settings import DatabaseSettings, ServiceSettings, Settings


def found(settings: Settings) -> Iterator[Mistake]:
    """All such mistakes."""
    yield from _of_database(settings.database)
    yield from _of_network(settings)
    yield from _of_container(settings.service)
    if 0 < settings.load_balancer.rate_limit < 10:
        words = "10 or more, the minimum of WAF, or 0 for no limit"
        yield Mistake("load_balancer.rate_limit", settings.load_balancer.rate_limit, words)
    yield from _of_environment(settings.service, "" if settings.database.kind == "none" else settings.database.variable)
    yield from _of_permissions(settings.service)


def _of_database(database: DatabaseSettings) -> Iterator[Mistake]:
    """Settings of a database that does not exist, and values that DocumentDB refuses."""
    if expected := mistake_in_name(database.variable):
        yield Mistake("database.variable", database.variable, expected)
    if not database.has_cluster:
        for field in fields_of(type(database)):
            value = getattr(database, field.name)
            is_of_documentdb = field.name not in ("kind", "variable") or (field.name, database.kind) == (
                "variable",
                "none",
            )
            if is_of_documentdb and value != field.default:
                words = f"no such setting with database.kind = {database.kind!r}"
                yield Mistake(f"database.{field.name}", value, words, "Remove it.", beside=("database.kind",))
    capacity = database.serverless_capacity
    if capacity:
        if len(capacity) != 2 or capacity[0] > capacity[1] or not all(map(_is_capacity, capacity)) or capacity[1] < 1:
            words = "two multiples of 0.5 from 0.5 to 256, such as [0.5, 4]: a minimum, and a maximum of 1 or more"
            yield Mistake("database.serverless_capacity", list(capacity), words)
        elif database.instance_class != _default(database, "instance_class"):
            words = "either an instance class or a serverless capacity"
            yield Mistake("database.instance_class", database.instance_class, words, "Remove one of them.")


def _of_network(settings: Settings) -> Iterator[Mistake]:
    """Settings of a VPC that the stage does not create, and networks in which the tasks cannot reach their services."""
    network = settings.network
    if network.kind == "existing":
        for name in ("nat_gateways", "vpc_cidr", "availability_zones"):
            if getattr(network, name) != _default(network, name):
                words = "no such setting with network.kind = 'existing': it is for a VPC that the stack creates"
                yield Mistake(f"network.{name}", getattr(network, name), words, "Remove it.", beside=("network.kind",))
    elif network.nat_gateways == 0:
        if settings.database.kind == "external":
            words = "1 or 2 with database.kind = 'external', which the tasks could not reach without a NAT gateway"
            yield Mistake("network.nat_gateways", 0, words, beside=("database.kind",))
        called = {action.partition(":")[0] for each in settings.service.allow for action in each.actions}
        for service in sorted(called - INTERFACES.keys() - GATEWAYS.keys()):
            words = f"1 or 2 with actions of {service} in service.allow, for which this library creates no endpoint"
            yield Mistake("network.nat_gateways", 0, words, beside=("service.allow",))


def _default(chosen: Struct, name: str) -> object:
    return next(field.default for field in fields_of(type(chosen)) if field.name == name)


def _is_capacity(units: float) -> bool:
    """https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-serverless-scaling-config.html"""
    return 0.5 <= units <= 256 and (units * 2).is_integer()


def _of_container(service: ServiceSettings) -> Iterator[Mistake]:
    """The root user, and paths that cannot be mounted."""
    if service.user.partition(":")[0] in ("root", "0"):
        words = "a user other than root, such as 1000:1000"
        yield Mistake("service.user", service.user, words)
    if any(not each.isprintable() or not each for each in service.command):
        yield Mistake("service.command", list(service.command), "non-empty words of printable characters")
    paths = [each.rstrip("/") for each in service.writable_paths]
    for given, path in zip(service.writable_paths, paths, strict=True):
        if path.split("/")[1:2] in ([each] for each in _OF_THE_KERNEL):
            words = (
                f"a directory other than {', '.join(f'/{each}' for each in _OF_THE_KERNEL)}, which the kernel provides"
            )
            yield Mistake("service.writable_paths", given, words)
        if outer := next((each for each in paths if path.startswith(f"{each}/")), None):
            words = f"no directory within another: {outer} is already writable"
            yield Mistake("service.writable_paths", given, words, "Remove one of them.")
        if not _PATH.fullmatch(given) or {"..", "."} & set(path.split("/")) or paths.count(path) > 1:
            words = "absolute paths of letters, digits and ._-, each once and without `..`"
            yield Mistake("service.writable_paths", given, words)


def _of_environment(service: ServiceSettings, database_variable: str) -> Iterator[Mistake]:
    """Variables and secrets that a container cannot have."""
    known = ", ".join(f"${{{each}}}" for each in PLACEHOLDERS)
    for group in ("variables", "secrets"):
        for name, value in getattr(service, group).items():
            key = f"service.{group}.{name}"
            if expected := mistake_in_name(name, database_variable):
                yield Mistake(key, name, expected, "Correct or remove the name.")
            for each in unknown_placeholders(value):
                yield Mistake(key, each, f"one of {known}", "For a literal ${...}, write ${!...}.")
    length = sum(len(name) + len(value) for name, value in service.variables.items())
    if length > _VARIABLES:
        words = f"at most {_VARIABLES} characters: a task definition has at most 64 KiB"
        yield Mistake(
            "service.variables", f"{length} characters", words, "Shorten the values, or load them in the service."
        )
    for name in service.variables.keys() & service.secrets.keys():
        words = "a variable in either service.variables or service.secrets"
        yield Mistake(f"service.secrets.{name}", name, words, f"Remove service.variables.{name}.")
    for name, value in service.secrets.items():
        source = secret_source(value)
        if isinstance(source, str) and not list(unknown_placeholders(value)):
            yield Mistake(f"service.secrets.{name}", value, source)


def _of_permissions(service: ServiceSettings) -> Iterator[Mistake]:
    """Unknown IAM actions, and wildcard resources without a reason."""
    for each in service.allow:
        for action in each.actions:
            if action.lower() not in iam_actions():
                yield Mistake("service.allow", action, "an existing IAM action")
        for resource in each.resources:
            if not is_resource(resource) or list(unknown_placeholders(resource)):
                words = "an ARN such as arn:${AWS::Partition}:s3:::${StagePrefix}-orders/*, or `*`"
                yield Mistake("service.allow", resource, words)
            elif is_wide(resource) and not each.reason.strip():
                words = f"a `reason` with it: it allows the tasks to call {', '.join(each.actions)} on all resources"
                yield Mistake("service.allow", resource, words, "List the resources, or add `reason`.")
