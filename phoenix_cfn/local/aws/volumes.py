"""Volumes of a task on Fargate: empty storage, mounted where its containers say."""

from __future__ import annotations

from typing import Any

from docker.types import Mount

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


@correction(
    "A volume is mounted at its path: root's own and empty, with the image's content and owner where it has a VOLUME",
    f"{_ECS}/bind-mounts.html",
)
def volumes_are_mounted() -> None:
    plain = ministack.ecs._run_docker_container

    def run(client: Any, definition: dict[str, Any], options: dict[str, Any], **named: Any) -> Any:
        points = definition.get("mountPoints") or []
        if points:
            declared = client.images.get(definition["image"]).attrs["Config"].get("Volumes") or {}
            mounts = [_mount(each, {path.rstrip("/") for path in declared}) for each in points]
            options = {**options, "mounts": mounts}
        return plain(client, definition, options, **named)

    ministack.ecs._run_docker_container = run


def _mount(point: dict[str, Any], declared: set[str]) -> Mount:
    """An anonymous volume, which goes with its container."""
    path = point["containerPath"]
    read_only = bool(point.get("readOnly"))
    return Mount(path, None, "volume", read_only=read_only, no_copy=path.rstrip("/") not in declared)


@correction(
    "A container mounts volumes that its task definition has",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html",
)
def volumes_exist() -> None:
    plain = ministack.provisioners._ecs_task_def_create

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        known = {each["Name"] for each in properties.get("Volumes", [])}
        for container in properties["ContainerDefinitions"]:
            for point in container.get("MountPoints", []):
                if point["SourceVolume"] not in known:
                    raise ValueError(f"Unknown volume '{point['SourceVolume']}'.")
        return plain(logical_id, properties, stack)

    ministack.provisioners._ecs_task_def_create = create
    ministack.handlers["AWS::ECS::TaskDefinition"]["create"] = create
