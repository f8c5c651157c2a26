"""The container of a service of one's own: its command, user, paths and time to stop."""

from __future__ import annotations

from typing import Any

from phoenix_cfn import Settings, infrastructure
from tests.stack import Stack

SERVICE: dict[str, Any] = {
    "command": ["gunicorn", "orders:app"],
    "user": "app",
    "writable_paths": ["/tmp", "/var/cache"],
    "stop_timeout": 90,
}


def stack(**service: Any) -> Stack:
    return Stack(infrastructure.template(Settings.of({"service": service})))


def container(found: Stack) -> dict[str, Any]:
    (only,) = found.properties("TaskDefinition")["ContainerDefinitions"]
    return dict(only)


def test_the_command_and_the_user_are_those_of_the_settings() -> None:
    found = container(stack(**SERVICE))
    assert (found["Command"], found["User"]) == (["gunicorn", "orders:app"], "app")


def test_without_them_the_image_has_its_own() -> None:
    found = container(stack(user=""))
    assert not {"Command", "User"} & set(found)


def test_a_writable_path_is_a_volume_and_all_else_is_read_only() -> None:
    found = stack(**SERVICE)
    volumes = [each["Name"] for each in found.properties("TaskDefinition")["Volumes"]]
    mounts = {each["ContainerPath"]: each["SourceVolume"] for each in container(found)["MountPoints"]}
    assert mounts == dict(zip(["/tmp", "/var/cache"], volumes, strict=True))
    assert container(found)["ReadonlyRootFilesystem"] is True


def test_the_load_balancer_lets_requests_finish_for_as_long_as_the_task_has() -> None:
    found = stack(**SERVICE)
    attributes = {each["Key"]: each["Value"] for each in found.properties("TargetGroup")["TargetGroupAttributes"]}
    assert container(found)["StopTimeout"] == int(attributes["deregistration_delay.timeout_seconds"]) == 90
