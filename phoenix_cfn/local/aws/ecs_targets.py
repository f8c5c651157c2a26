"""ECS's tasks as targets: each is registered with the target groups of its deployment, until it leaves."""

from __future__ import annotations

import threading
from typing import Any

from phoenix_cfn.local.aws import elb, ministack
from phoenix_cfn.local.aws.corrections import correction

# Held while a task is registered with its target groups, and while one that leaves is taken out of them.
registration = threading.Lock()


@correction(
    "A task is registered with the target groups of its deployment, which are not those of every deployment",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html",
)
def tasks_are_targets_of_their_deployment() -> None:
    # MiniStack registers each task with each target group of its service. Here elb.register does what it lists.
    ministack.ecs._sync_service_targets = lambda cluster, service: None


def service_of(task: dict[str, Any]) -> dict[str, Any] | None:
    """The service that has started the task, if any."""
    group = task.get("group", "")
    if not group.startswith("service:"):
        return None
    cluster = task["clusterArn"].rsplit("/", 1)[1]
    service: dict[str, Any] | None = ministack.ecs._services.get(f"{cluster}/{group.split(':', 1)[1]}")
    return service


def groups_of(task: dict[str, Any]) -> list[str]:
    """The target groups that a task is registered with, or will be."""
    service = service_of(task)
    if service is None:
        return []
    if "_groups" not in task:
        deployment = ministack.ecs._deployment_for_task(service, task)
        return groups_of_deployment(service, deployment) if deployment else []
    return list(task["_groups"])


def groups_of_deployment(service: dict[str, Any], deployment: dict[str, Any]) -> list[str]:
    """One for each of the service's load balancers: where there are two, the one that gets no requests yet."""
    if "_groups" not in deployment:
        deployment["_groups"] = [_free(balancer) for balancer in service.get("loadBalancers") or []]
    return list(deployment["_groups"])


def _free(balancer: dict[str, Any]) -> str:
    """Of a load balancer's two target groups the one without requests; the only one where it has one."""
    group, advanced = str(balancer["targetGroupArn"]), balancer.get("advancedConfiguration")
    if not advanced or not elb.weights(advanced["productionListenerRule"]).get(group):
        return group
    return str(advanced["alternateTargetGroupArn"])


def register(service: dict[str, Any], task: dict[str, Any], address: str, security_groups: list[str]) -> None:
    """Registers a task with its target groups, unless it has left since the scheduler looked: its target would stay
    for good, without a task.
    """
    with registration:
        if task["lastStatus"] != "RUNNING":
            return
        task["_groups"] = groups_of(task)
        for group, balancer in zip(task["_groups"], service.get("loadBalancers") or [], strict=False):
            elb.register(group, address, int(balancer["containerPort"]), security_groups)
