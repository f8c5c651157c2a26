"""ECS's services on Fargate: tasks replaced when they die, released only when they are healthy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from phoenix_cfn.local.aws import ecs_targets, ecs_tasks, elb, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import busy, scaled

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


@correction(
    "The first deployment is in progress until its tasks are healthy, like every later one",
    f"{_ECS}/deployment-type-ecs.html",
)
def deployments_begin_in_progress() -> None:
    plain = ministack.ecs._make_deployment

    def make(*arguments: Any, **named: Any) -> dict[str, Any]:
        deployment: dict[str, Any] = plain(*arguments, **named)
        deployment["rolloutState"], deployment["rolloutStateReason"] = "IN_PROGRESS", ""
        return deployment

    ministack.ecs._make_deployment = make


@correction(
    "A task counts for its deployment when the load balancer finds it healthy",
    f"{_ECS}/service-load-balancing.html",
)
def healthy_is_what_the_load_balancer_says() -> None:
    plain = ministack.ecs._record_service_task_healthy

    def record(key: str, task: dict[str, Any]) -> None:
        address = ministack.ecs._task_ip(task)
        if all(elb.state(group, address) == "healthy" for group in ecs_targets.groups_of(task)):
            plain(key, task)

    ministack.ecs._record_service_task_healthy = record


# Parameters of UpdateService that start a deployment, beside a new task definition.
_START_A_DEPLOYMENT = ("loadBalancers", "networkConfiguration", "platformVersion")


@correction(
    "New load balancers, networks or platform versions of a service start a deployment",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",
)
def changes_start_deployments() -> None:
    plain = ministack.ecs._update_service

    def update(data: dict[str, Any]) -> Any:
        service = ministack.ecs._services.get(f"{data.get('cluster', 'default')}/{data.get('service', '')}") or {}
        changed = any(key in data and data[key] != service.get(key) for key in _START_A_DEPLOYMENT)
        return plain({**data, "forceNewDeployment": True} if changed else data)

    ministack.ecs._update_service = update
    ministack.ecs._ACTION_MAP["UpdateService"] = update


@correction(
    "The service replaces tasks that died, vanished, were stopped, or fail the load balancer's health check",
    f"{_ECS}/ecs_services.html",
)
def services_heal() -> None:
    threading.Thread(target=_every, args=(0.25, _heal), daemon=True, name="ecs-scheduler").start()


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        time.sleep(seconds)
        try:
            work()
        except Exception as error:
            # Tasks change under the scheduler's hands; the next round sees the new state.
            print(f"ecs-scheduler: {type(error).__name__}: {error}", flush=True)


def _heal() -> None:
    for account, region, key in [each[:3] for each in _flat(ministack.ecs._services.all_items())]:
        with ministack.request_scope(account, region):
            service = ministack.ecs._services.get(key)
            if service and service["status"] == "ACTIVE":
                _heal_service(key, service)


def _flat(items: Any) -> Iterator[tuple[str, str, str, Any]]:
    for (account, region, key), value in list(items):
        yield account, region, key, value


def running_tasks(service: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a service, those that are RUNNING."""
    return [
        task
        for task in list(ministack.ecs._tasks.values())
        if task.get("group") == f"service:{service['serviceName']}"
        and task["clusterArn"] == service["clusterArn"]
        and task.get("lastStatus") == "RUNNING"
    ]


def _heal_service(key: str, service: dict[str, Any]) -> None:
    cluster = key.split("/")[0]
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    for task in running_tasks(service):
        address = ministack.ecs._task_ip(task)
        if not address:
            continue
        task.setdefault("_running_since", time.time())
        ecs_targets.register(service, task, address, network.get("securityGroups", []))
        reason = _why_replace(service, task, address)
        if reason:
            print(f"ECS replaces {task['taskArn'].rsplit('/', 1)[1]}: {reason}", flush=True)
            ministack.ecs._stop_task({"task": task["taskArn"], "cluster": cluster, "reason": reason})
            if not task.get("_startup_stable"):
                ministack.ecs._record_service_task_failure(task)
        elif not task.get("_startup_stable"):
            ministack.ecs._record_service_task_healthy(key, task)
    _roll_back_on_alarm(service)
    ministack.ecs._reconcile_service_tasks(cluster, key)
    ministack.ecs._complete_service_deployment(cluster, key)


def _why_replace(service: dict[str, Any], task: dict[str, Any], address: str) -> str | None:
    if task.get(ecs_tasks.LOST):
        return "Essential container in task exited"
    grace = float(service.get("healthCheckGracePeriodSeconds") or 0)
    # A real process must be up within it: only what is beyond its usual time runs on AWS's clock.
    if time.time() - task["_running_since"] > max(scaled(grace), min(grace, _STARTS_WITHIN * busy())):
        for group in ecs_targets.groups_of(task):
            if elb.state(group, address) == "unhealthy":
                return f"Task failed ELB health checks in (target-group {group})"
    return None


# Real seconds that an application may take to start.
_STARTS_WITHIN = 20


@correction(
    "Alarms that a deployment names fail it, also for a while after its tasks are healthy (the bake time); "
    "where one of them rang when it began, none is asked",
    f"{_ECS}/deployment-alarm-failure.html",
)
def alarms_fail_deployments() -> None:
    plain = ministack.ecs._complete_service_deployment

    def complete(cluster: str, key: str, *rest: Any, **named: Any) -> None:
        service = ministack.ecs._services.get(key)
        deployment = ministack.ecs._primary_deployment(service) if service else None
        if deployment is None or deployment["rolloutState"] != "IN_PROGRESS":
            plain(cluster, key, *rest, **named)
            return
        if time.time() < deployment.get("_baked_at", 0):
            return
        plain(cluster, key, *rest, **named)
        if deployment["rolloutState"] == "COMPLETED":
            bake = _bake_time(_watched(service, deployment))
            if "_baked_at" not in deployment and bake:
                deployment.update(_baked_at=time.time() + bake, rolloutState="IN_PROGRESS")
            elif not service.get("_shift"):  # A deployment that shifts requests says itself when it is over.
                # MiniStack says COMPLETED before the old tasks are gone, and before the bake time.
                deployment["_steady"] = True
                service["_last_completed"] = deployment["taskDefinition"]

    ministack.ecs._complete_service_deployment = complete


def _watched(service: dict[str, Any], deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """The alarms that the deployment watches: none when one of them was in ALARM when it began, as a release that
    mends what rings must get through.
    """
    configured = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
    names = configured.get("alarmNames", []) if configured.get("enable") else []
    alarms = [alarm for name in names if (alarm := ministack.cloudwatch._alarms.get(name))]
    if alarms and "_watches" not in deployment:
        deployment["_watches"] = all(each["StateValue"] != "ALARM" for each in alarms)
    return alarms if deployment.get("_watches") else []


def _bake_time(alarms: list[dict[str, Any]]) -> float:
    """Here: as long as the slowest of the alarms needs to go off. AWS says only that it follows from the alarms."""
    longest = 0.0
    for alarm in alarms:
        periods = [float(each["MetricStat"]["Period"]) for each in alarm.get("Metrics", []) if "MetricStat" in each]
        longest = max(longest, max(periods or [float(alarm["Period"])]) * int(alarm["EvaluationPeriods"]))
    return scaled(longest)


def _roll_back_on_alarm(service: dict[str, Any]) -> None:
    deployment = ministack.ecs._primary_deployment(service)
    if not deployment or deployment["rolloutState"] != "IN_PROGRESS":
        return
    # What goes back to a version that was steady goes on: ECS has nothing better.
    if deployment.get("_rolls_back") or deployment.get("_steady"):
        return
    ringing = sorted(each["AlarmName"] for each in _watched(service, deployment) if each["StateValue"] == "ALARM")
    if ringing:
        roll_back = bool(service["deploymentConfiguration"]["alarms"].get("rollback"))
        fail(service, deployment, f"alarm(s) detected: {', '.join(ringing)}", roll_back)


def fail(service: dict[str, Any], deployment: dict[str, Any], reason: str, roll_back: bool) -> None:
    """Ends a deployment as failed, and goes back to the last completed one: to its tasks, as long as it has them."""
    failed = {"rolloutState": "FAILED", "rolloutStateReason": f"ECS deployment failed: {reason}", "desiredCount": 0}
    definition = service.get("_last_completed")
    if roll_back and definition:
        back = next((each for each in service["deployments"] if each["rolloutState"] == "COMPLETED"), None)
        if back is None:
            back = ministack.ecs._make_deployment(definition, service["desiredCount"])
            back["launchType"] = service["launchType"]
            service["deployments"].insert(0, back)
        back.update(status="PRIMARY", rolloutState="IN_PROGRESS", desiredCount=service["desiredCount"])
        back.update(_rolls_back=True, _baked_at=0.0, _steady=False)
        service["taskDefinition"] = definition
        failed["status"] = "ACTIVE"
    # Last, since who waits for the deployment then looks at what the service has instead.
    deployment.update(failed)


@correction(
    "A stack waits until the service is steady; a deployment that fails fails the stack, and the service goes back",
    f"{_ECS}/deployment-circuit-breaker.html",
)
def stacks_wait_for_steady_services() -> None:
    handler = ministack.handlers["AWS::ECS::Service"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        _check_service(properties)
        properties = _named(logical_id, properties, stack)
        arn, attributes = create(logical_id, properties, stack)
        try:
            _apply(arn, properties)
            _wait(arn)
        except ValueError:
            # MiniStack forgets a resource whose creation raised: it must not stay behind.
            delete(arn, properties)
            raise
        return arn, attributes

    def updated(arn: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Any:
        _check_service(new)
        # ECS leaves the count alone where the template has none.
        old, new = (
            {key: each[key] for key in each if key != "DesiredCount"} if "DesiredCount" not in new else each
            for each in (old, new)
        )
        answer = update(arn, old, new, stack)
        try:
            _apply(arn, new)
            _wait(arn)
        except ValueError:
            # To a task definition that ECS has gone back to by itself, this is no further deployment.
            update(arn, new, old, stack)
            _apply(arn, old)
            _wait(arn)
            raise
        return answer

    def deleted(arn: str, properties: dict[str, Any]) -> None:
        service = _by_arn(arn)
        # Also those that are leaving already, whose last lines would make their log group again.
        known = list(ministack.ecs._tasks.values()) if service else []
        tasks = [each for each in known if ecs_targets.service_of(each) is service]
        delete(arn, {"Cluster": arn.split("/")[-2], "ServiceName": arn.split("/")[-1]})
        end = time.time() + 300
        while any(task.get("_docker_ids") for task in tasks) and time.time() < end:
            time.sleep(0.1)

    ministack.handlers["AWS::ECS::Service"] = {**handler, "create": created, "update": updated, "delete": deleted}


def _named(logical_id: str, properties: dict[str, Any], stack: str) -> dict[str, Any]:
    # A replacement has another name than the service that it replaces.
    seed = ministack.provisioners._NAME_SEED.get()
    made = f"{stack}-{logical_id}{f'-{seed}' if seed else ''}"
    return {**properties, "ServiceName": properties.get("ServiceName") or made}


def _check_service(properties: dict[str, Any]) -> None:
    """InvalidParameterException where the service does not fit its task definition.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
    """
    definition = ministack.ecs._task_defs.get(ministack.ecs._resolve_td_key(properties["TaskDefinition"]))
    if definition is None:
        raise ValueError(f"Unable to describe task definition {properties['TaskDefinition']}")
    for each in properties.get("LoadBalancers", []):
        check_balancer(definition, each["ContainerName"], each["ContainerPort"], each["TargetGroupArn"])


def check_balancer(definition: dict[str, Any], name: str, port: Any, group: str) -> None:
    """ValueError where the container with this port cannot be behind the target group."""
    container = next((each for each in definition["containerDefinitions"] if each["name"] == name), None)
    if container is None:
        raise ValueError(f"The container {name} does not exist in the task definition.")
    if int(port) not in [int(each["containerPort"]) for each in container.get("portMappings", [])]:
        raise ValueError(f"The container {name} has no container port {port}.")
    if not elb.balancers_of(group):
        raise ValueError(f"The target group with targetGroupArn {group} has no associated load balancer.")


def _by_arn(arn: str) -> dict[str, Any]:
    service: dict[str, Any] = ministack.ecs._services.get("/".join(arn.split("/")[-2:]))
    return service


def _apply(arn: str, properties: dict[str, Any]) -> None:
    """What MiniStack's handlers leave out of the service."""
    service = _by_arn(arn)
    service["healthCheckGracePeriodSeconds"] = int(properties.get("HealthCheckGracePeriodSeconds", 0))
    service["deploymentConfiguration"] = ecs_tasks.camel_case(properties.get("DeploymentConfiguration", {}))
    service["_monitoring"] = ecs_tasks.camel_case(properties.get("Monitoring", {}))


# Real seconds after which a service that never gets steady fails its stack; AWS waits for hours.
PATIENCE = 900


def _wait(arn: str) -> None:
    """Until the deployment that the service has now is complete; ValueError where it fails."""
    service = _by_arn(arn)
    deployment = ministack.ecs._primary_deployment(service)
    end = time.time() + PATIENCE
    while time.time() < end:
        if service.get("_shift"):
            # Its steps may take hours of AWS; it gives up by itself.
            end = time.time() + PATIENCE
        failed = deployment["status"] != "PRIMARY" or deployment.get("rolloutState") == "FAILED"
        # Where ECS shifts requests, CloudFormation learns of the failure when they are back.
        if failed and not service.get("_shift"):
            reason = deployment.get("rolloutStateReason", "")
            if "alarm" not in reason and not deployment.get("_begun"):
                reason = "ECS Deployment Circuit Breaker was triggered"
            raise ValueError(f"Error occurred during operation '{reason}'. {_last_failure(deployment)}")
        steady = deployment.get("rolloutState") == "COMPLETED" and deployment.get("_steady")
        if steady and service["runningCount"] >= service["desiredCount"]:
            return
        time.sleep(0.1)
    raise ValueError("Resource did not stabilize in time: the service is not steady")


def _last_failure(deployment: dict[str, Any]) -> str:
    """Why the deployment's last task stopped."""
    stopped = [
        task
        for task in list(ministack.ecs._tasks.values())
        if task.get("_deployment_id") == deployment["id"]
        and (task.get("stoppedReason") or _IN_ORDER[0]) not in _IN_ORDER
    ]
    return f"Last task: {stopped[-1]['stoppedReason']}" if stopped else ""


# How MiniStack words what is no failure.
_IN_ORDER = ("Deployment completed", "Deployment capacity limit", "Service scaling down", "Task definition updated")


@correction(
    "Container Insights writes to a log group of its own, which it makes where there is none",
    f"{_ECS}/cloudwatch-container-insights.html",
)
def container_insights_writes_logs() -> None:
    plain = ministack.ecs._mark_task_running

    def mark(arn: str, task: dict[str, Any]) -> Any:
        cluster = task["clusterArn"].rsplit("/", 1)[1]
        if container_insights(cluster):
            group = f"/aws/ecs/containerinsights/{cluster}/performance"
            if group not in ministack.logs._log_groups:
                ministack.logs._create_log_group({"logGroupName": group})
        return plain(arn, task)

    ministack.ecs._mark_task_running = mark


def container_insights(cluster: str) -> bool:
    """Whether they are on, in either of their two kinds."""
    values = [each.get("value") for each in (ministack.ecs._clusters.get(cluster) or {}).get("settings", [])]
    return bool({"enabled", "enhanced"} & set(values))
