"""ECS's task sets: the versions of a service that CodeDeploy deploys, each with its own tasks and target group."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import Any

from phoenix_cfn.local.aws import ecs, elb, ministack
from phoenix_cfn.local.aws.api import ApiError, Request
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import Properties

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"

CODE_DEPLOY = "CODE_DEPLOY"
# Task sets that a service can have.
_MOST = 5
# Seconds between two starts of tasks for one task set, so that tasks that die do not die all the time.
_PAUSE = 2.0
# Held while tasks of task sets are counted and started.
_starting = threading.Lock()

TaskSet = dict[str, Any]
Service = dict[str, Any]


@correction(
    "A service that CodeDeploy deploys begins with its first task set, on the newest revision of a family",
    f"{_ECS}/deployment-type-bluegreen.html",
)
def codedeploy_services_have_task_sets() -> None:
    handler = ministack.handlers["AWS::ECS::Service"]
    create = handler["create"]

    def created(logical_id: str, properties: Properties, stack: str) -> Any:
        if _is_code_deploy(properties):
            _check(properties.get("DeploymentConfiguration") or {})
        answer = create(logical_id, properties, stack)
        if _is_code_deploy(properties):
            service = ministack.ecs._services.get("/".join(answer[0].split("/")[-2:]))
            service["deploymentController"] = {"type": CODE_DEPLOY}
            first = ministack.ecs._primary_deployment(service)
            service["taskSets"] = [_new(service, first["id"], service["taskDefinition"], service["loadBalancers"])]
            service["taskSets"][0]["status"] = "PRIMARY"
        return answer

    ministack.handlers["AWS::ECS::Service"] = {**handler, "create": created}
    describe = ministack.ecs._describe_services

    def described(data: Request) -> Any:
        status, headers, body = describe(data)
        answer = json.loads(body)
        for service in answer.get("services", []):
            if service.get("taskSets"):
                service["deployments"] = []
        return status, headers, json.dumps(answer).encode()

    ministack.ecs._ACTION_MAP["DescribeServices"] = described


@correction(
    "The name of a family stands for its newest revision that is active",
    f"{_API}/API_DescribeTaskDefinition.html",
)
def families_stand_for_their_active_revision() -> None:
    plain = ministack.ecs._resolve_td_key

    def resolve(name: str) -> Any:
        family = name.rpartition("task-definition/")[2]
        if not family or ":" in family:
            return plain(name)
        active = [
            each["revision"]
            for each in ministack.ecs._task_defs.values()
            if each["family"] == family and each["status"] == "ACTIVE"
        ]
        return f"{family}:{max(active)}" if active else family

    ministack.ecs._resolve_td_key = resolve


def _check(configuration: Properties) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    for feature in ("Alarms", "DeploymentCircuitBreaker"):
        if str((configuration.get(feature) or {}).get("Enable", False)).lower() == "true":
            raise ValueError(f"{feature} can only be used for services with the ECS deployment controller.")


def _is_code_deploy(properties: Properties) -> bool:
    return bool((properties.get("DeploymentController") or {}).get("Type") == CODE_DEPLOY)


def _new(service: Service, number: str, definition: str, balancers: list[dict[str, Any]]) -> TaskSet:
    place = "/".join(service["serviceArn"].split("/")[-2:])
    now = time.time()
    return {
        "id": number,
        "taskSetArn": f"{service['serviceArn'].split(':service/')[0]}:task-set/{place}/{number}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "status": "ACTIVE",
        "taskDefinition": definition,
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "computedDesiredCount": service["desiredCount"],
        "runningCount": 0,
        "pendingCount": 0,
        "stabilityStatus": "STABILIZING",
        "launchType": service["launchType"],
        "networkConfiguration": service.get("networkConfiguration", {}),
        "loadBalancers": balancers,
        "createdAt": now,
        "updatedAt": now,
        # Where its tasks are registered: of each of its load balancers the target group.
        "_groups": [each["targetGroupArn"] for each in balancers],
        "_started": 0.0,
    }


@correction("Each task set has its own tasks, until it is deleted", f"{_API}/API_TaskSet.html")
def task_sets_have_tasks() -> None:
    plain = ministack.ecs._reconcile_service_tasks

    def reconcile(cluster: str, key: str) -> None:
        service = ministack.ecs._services.get(key) or {}
        if not service.get("taskSets") or service["status"] != "ACTIVE":
            plain(cluster, key)
            return
        with _starting:
            service["taskSets"] = [each for each in service["taskSets"] if not _gone(each)]
            for task_set in service["taskSets"]:
                _keep_up(cluster, service, task_set)
        ministack.ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
        ministack.ecs._recount_cluster(cluster)

    ministack.ecs._reconcile_service_tasks = reconcile


def _tasks(service: Service, task_set: TaskSet) -> list[dict[str, Any]]:
    """The tasks of a task set that have not been stopped."""
    return [
        task
        for task in list(ministack.ecs._tasks.values())
        if task.get("_deployment_id") == task_set["id"]
        and task["clusterArn"] == service["clusterArn"]
        and task.get("lastStatus") in ministack.ecs._PRE_STOP_STATUSES
    ]


def _gone(task_set: TaskSet) -> bool:
    """Whether a task set that was deleted has no container any more."""
    tasks = [each for each in list(ministack.ecs._tasks.values()) if each.get("_deployment_id") == task_set["id"]]
    return task_set["status"] == "DRAINING" and not any(each.get("_docker_ids") for each in tasks)


def _keep_up(cluster: str, service: Service, task_set: TaskSet) -> None:
    """Starts and stops tasks until there are as many as there should be, and says how many there are."""
    leaves = task_set["status"] == "DRAINING"
    desired = 0 if leaves else math.ceil(service["desiredCount"] * task_set["scale"]["value"] / 100)
    tasks = _tasks(service, task_set)
    if len(tasks) < desired and time.time() > task_set["_started"] + _PAUSE:
        task_set["_started"] = time.time()
        _start(cluster, service, task_set, desired - len(tasks))
    for task in tasks[desired:]:
        ministack.ecs._stop_task({"task": task["taskArn"], "cluster": cluster, "reason": "Service scaling down"})
    running = [each for each in tasks[:desired] if each["lastStatus"] == "RUNNING"]
    healthy = [each for each in running if _healthy(task_set, each)]
    task_set.update(
        computedDesiredCount=desired,
        runningCount=len(running),
        pendingCount=len(tasks[:desired]) - len(running),
        stabilityStatus="STEADY_STATE" if len(healthy) == desired else "STABILIZING",
        updatedAt=time.time(),
    )


def _start(cluster: str, service: Service, task_set: TaskSet, count: int) -> None:
    ministack.ecs._run_task(
        {
            "cluster": cluster,
            "taskDefinition": task_set["taskDefinition"],
            "count": count,
            "group": f"service:{service['serviceName']}",
            "startedBy": task_set["id"],
            "launchType": task_set["launchType"],
            "networkConfiguration": task_set["networkConfiguration"],
            "_deploymentId": task_set["id"],
        }
    )
    for task in _tasks(service, task_set):
        task["_groups"] = task_set["_groups"]


def _healthy(task_set: TaskSet, task: dict[str, Any]) -> bool:
    address = ministack.ecs._task_ip(task)
    return all(elb.state(group, address) == "healthy" for group in task_set["_groups"])


@correction(
    "ECS refuses changes of a service that CodeDeploy deploys: only CodeDeploy makes a new version of it",
    f"{_API}/API_UpdateService.html",
)
def codedeploy_services_refuse_updates() -> None:
    plain = ministack.ecs._update_service

    def update(data: Request) -> Any:
        name = str(data.get("service", "")).rsplit("/", 1)[-1]
        service = ministack.ecs._services.get(f"{_cluster(data)}/{name}") or {}
        if service.get("taskSets"):
            refused = next((words for key, words in _REFUSED.items() if key in data), None)
            if refused:
                return ministack.responses.error_response_json("InvalidParameterException", refusal(refused), 400)
        return plain(data)

    ministack.ecs._update_service = update
    ministack.ecs._ACTION_MAP["UpdateService"] = update


# Parameters of UpdateService, and how ECS refuses them.
_REFUSED = {
    "taskDefinition": "update task definition",
    "networkConfiguration": "update network parameters",
    "loadBalancers": "update load balancers",
    "platformVersion": "update platform version",
    "forceNewDeployment": "force a new deployment",
}


def refusal(what: str) -> str:
    """https://github.com/boto/boto3/issues/1936"""
    return (
        f"Unable to {what} on services with a CODE_DEPLOY deployment controller. "
        "Use AWS CodeDeploy to trigger a new deployment."
    )


@correction(
    "CloudFormation sends every parameter of a service in an update: of one that CodeDeploy deploys, ECS refuses it",
    "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1529",
)
def stacks_cannot_update_codedeploy_services() -> None:
    handler = ministack.handlers["AWS::ECS::Service"]
    update = handler["update"]

    def updated(arn: str, old: Properties, new: Properties, stack: str) -> Any:
        if _is_code_deploy(old):
            if _is_code_deploy(new):
                raise ValueError(
                    'Resource handler returned message: "Invalid request provided: UpdateService error: '
                    f"{refusal('update task definition')} (Service: AmazonECS; Status Code: 400; "
                    'Error Code: InvalidParameterException)"'
                )
            _hand_over(ministack.ecs._services["/".join(arn.split("/")[-2:])])
        return update(arn, old, new, stack)

    ministack.handlers["AWS::ECS::Service"] = {**handler, "update": updated}


def _hand_over(service: Service) -> None:
    """The service is ECS's to deploy: its primary task set is its deployment.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/migrate-code-deploy-to-ecs-blue-green.html
    """
    service.pop("taskSets")
    service["deploymentController"] = {"type": "ECS"}


@correction("Task sets are created, made primary and deleted by the API", f"{_API}/API_CreateTaskSet.html")
def task_sets_have_an_api() -> None:
    for name, operation in (
        ("CreateTaskSet", _create),
        ("UpdateServicePrimaryTaskSet", _make_primary),
        ("DeleteTaskSet", _delete),
        ("DescribeTaskSets", _describe),
    ):
        ministack.ecs._ACTION_MAP[name] = _answering(operation)


def _answering(operation: Any) -> Any:
    def answer(data: Request) -> Any:
        try:
            return ministack.responses.json_response(ministack.ecs._sanitize(operation(data)))
        except ApiError as error:
            return ministack.responses.error_response_json(error.code, str(error), 400)

    return answer


def _cluster(data: Request) -> str:
    return str(data.get("cluster", "default")).rsplit("/", 1)[-1]


def _service(data: Request) -> Service:
    found: Service | None = ministack.ecs._services.get(f"{_cluster(data)}/{data['service'].rsplit('/', 1)[-1]}")
    if found is None or found["status"] != "ACTIVE":
        raise ApiError("ServiceNotFoundException", "Service not found.")
    if "taskSets" not in found:
        raise ApiError(
            "InvalidParameterException", "Amazon ECS only supports task sets for other controllers than ECS."
        )
    return found


def _find(service: Service, name: str) -> TaskSet:
    for each in service["taskSets"]:
        if name in (each["id"], each["taskSetArn"]):
            found: TaskSet = each
            return found
    raise ApiError("TaskSetNotFoundException", "The specified task set wasn't found.")


def _create(data: Request) -> dict[str, Any]:
    service = _service(data)
    if len(service["taskSets"]) >= _MOST:
        raise ApiError(
            "InvalidParameterException",
            f"{_MOST} deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum "
            "limit.",
        )
    definition = ministack.ecs._task_defs.get(ministack.ecs._resolve_td_key(data["taskDefinition"]))
    if definition is None or definition["status"] != "ACTIVE":
        raise ApiError("ClientException", f"Unable to describe task definition {data['taskDefinition']}")
    balancers = list(data.get("loadBalancers", []))
    try:
        for each in balancers:
            ecs.check_balancer(definition, each["containerName"], each["containerPort"], each["targetGroupArn"])
    except ValueError as error:
        raise ApiError("InvalidParameterException", str(error)) from error
    number = f"ecs-svc/{time.time_ns()}"
    made = _new(service, number, definition["taskDefinitionArn"], balancers)
    made["scale"] = data.get("scale") or made["scale"]
    made["networkConfiguration"] = data.get("networkConfiguration") or made["networkConfiguration"]
    if external := data.get("externalId"):
        made["externalId"] = external
    service["taskSets"].append(made)
    return {"taskSet": made}


def _make_primary(data: Request) -> dict[str, Any]:
    service = _service(data)
    primary = _find(service, data["primaryTaskSet"])
    for each in service["taskSets"]:
        if each["status"] != "DRAINING":
            each["status"] = "PRIMARY" if each is primary else "ACTIVE"
    for key in ("taskDefinition", "loadBalancers", "networkConfiguration"):
        service[key] = primary[key]
    deployment = ministack.ecs._make_deployment(primary["taskDefinition"], service["desiredCount"])
    deployment.update(id=primary["id"], launchType=primary["launchType"], rolloutState="COMPLETED", _steady=True)
    service["deployments"] = [deployment]
    return {"taskSet": primary}


def _delete(data: Request) -> dict[str, Any]:
    service = _service(data)
    found = _find(service, data["taskSet"])
    if found["status"] == "PRIMARY":
        raise ApiError("InvalidParameterException", "The primary task set can't be deleted.")
    if not data.get("force") and found["computedDesiredCount"]:
        raise ApiError("InvalidParameterException", "The task set must be scaled down to zero, or deleted with force.")
    found["status"] = "DRAINING"
    for task in _tasks(service, found):
        ministack.ecs._stop_task({"task": task["taskArn"], "cluster": _cluster(data), "reason": "Task set deleted"})
    return {"taskSet": found}


def _describe(data: Request) -> dict[str, Any]:
    sets = _service(data)["taskSets"]
    names = data.get("taskSets")
    return {"taskSets": [each for each in sets if not names or {each["id"], each["taskSetArn"]} & set(names)]}


@correction(
    "Operations on a service and its task sets are allowed by the service's and the task set's ARN",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html",
)
def services_are_checked_by_their_arn() -> None:
    plain = ministack.iam_actions.extract_resource_arn

    def extract(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if service == "ecs" and operation in _CHECKED:
            data = json.loads(body or b"{}")
            name = str(data.get("service") or (data.get("services") or ["*"])[0]).rsplit("/", 1)[-1]
            kind = _CHECKED[operation]
            task_set = str(data.get("taskSet", "new")).rpartition("/")[2]
            end = f"/ecs-svc/{task_set}" if kind == "task-set" else ""
            return f"arn:aws:ecs:{region}:{account}:{kind}/{_cluster(data)}/{name}{end}"
        return plain(service, method, path, headers, body, query, region, account)

    ministack.iam_actions.extract_resource_arn = extract


_CHECKED = {
    "CreateTaskSet": "task-set",
    "DeleteTaskSet": "task-set",
    "DescribeServices": "service",
    "DescribeTaskSets": "task-set",
    "UpdateService": "service",
    "UpdateServicePrimaryTaskSet": "service",
}
