"""What a correction is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

SERVICES = (
    "cloudformation",
    "updates",
    "roles",
    "ec2",
    "endpoints",
    "route53",
    "acm",
    "elb",
    "tls",
    "waf",
    "volumes",
    "ecs_targets",
    "ecs_tasks",
    "ecs_task_sets",
    "ecs",
    "ecs_shifts",
    "task_credentials",
    "documentdb",
    "secretsmanager",
    "s3",
    "logs",
    "ecr",
    "lambda_functions",
    "notifications",
    "cloudwatch",
    "autoscaling",
    "codedeploy",
    "codebuild",
    "codepipeline",
    "pipeline_sources",
)


@dataclass(frozen=True)
class Correction:
    """`behaviour` is AWS's own, `source` the AWS page that documents it."""

    service: str
    name: str
    behaviour: str
    source: str
    install: Callable[[], None]


_REGISTRY: list[Correction] = []


def correction(behaviour: str, source: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Registers the decorated function: called once, it changes MiniStack."""

    def register(install: Callable[[], None]) -> Callable[[], None]:
        service = install.__module__.rsplit(".", 1)[1]
        _REGISTRY.append(Correction(service, install.__name__, behaviour, source, install))
        return install

    return register


def all_corrections() -> list[Correction]:
    """In the order in which they are installed."""
    for service in SERVICES:
        import_module(f"{__package__}.{service}")
    return sorted(_REGISTRY, key=lambda each: SERVICES.index(each.service))


def install_all() -> None:
    """Turns this process's MiniStack into the local AWS. Once: corrections wrap what they find."""
    for each in all_corrections():
        each.install()
