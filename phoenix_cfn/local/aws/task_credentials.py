"""The role of a task: its containers act with it, and with nothing else."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import iam, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import settings

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_PRINCIPAL = "ecs-tasks.amazonaws.com"


@correction(
    "A container has the credentials of its task role, and the task's region; without a role it has none",
    f"{_ECS}/task-iam-roles.html",
)
def containers_act_with_the_role_of_their_task() -> None:
    """As variables: no address here stands for 169.254.170.2, and SDKs take credentials from few others."""
    plain = ministack.ecs._build_run_kwargs

    def build(definition: dict[str, Any], task: dict[str, Any], *rest: Any) -> dict[str, Any]:
        options: dict[str, Any] = plain(definition, task, *rest)
        role = task.get("taskRoleArn")
        kept = {key: value for key, value in options["environment"].items() if not key.startswith("AWS_CONTAINER_")}
        options["environment"] = {
            **kept,
            "AWS_ENDPOINT_URL": settings().endpoint_for_containers,
            "AWS_REGION": ministack.region(),
            "AWS_DEFAULT_REGION": ministack.region(),
            **(iam.credentials(role, _PRINCIPAL) if role else {}),
        }
        return options

    ministack.ecs._build_run_kwargs = build


@correction("A task starts when ECS may assume its role", f"{_ECS}/task-iam-roles.html")
def task_roles_trust_ecs() -> None:
    plain = ministack.ecs._start_task_worker

    def start(task: dict[str, Any], definition: dict[str, Any], *rest: Any) -> None:
        if role := definition.get("taskRoleArn"):
            try:
                iam.credentials(role, _PRINCIPAL)
            except iam.AccessDenied as error:
                raise ministack.ecs._SecretResolutionError(
                    f"ECS was unable to assume the role '{role}' that was provided for this task: {error}"
                ) from error
        plain(task, definition, *rest)

    ministack.ecs._start_task_worker = start
