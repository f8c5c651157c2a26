"""ECS's tasks on Fargate: containers as their definition says, started with their role's rights, stopped in order."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import requests
from docker.errors import APIError, ImageNotFound, NotFound

from phoenix_cfn.local import docker_engine
from phoenix_cfn.local.aws import documentdb, ecr, ecs_targets, elb, endpoints, iam, ministack, permissions
from phoenix_cfn.local.aws.corrections import correction

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"

# Key of a task: one of its containers has been removed from outside.
LOST = "_lost"
# Keys of a container definition that this module or MiniStack follows; another one would be ignored, so it is refused.
_FOLLOWED = {
    "command",
    "entryPoint",
    "environment",
    "essential",
    "image",
    "linuxParameters",
    "logConfiguration",
    "mountPoints",
    "name",
    "portMappings",
    "readonlyRootFilesystem",
    "secrets",
    "stopTimeout",
    "user",
    "workingDirectory",
}
# A container's label that keeps its StopTimeout, in seconds, until it is stopped.
_STOP_TIMEOUT = "local-aws.stop-timeout"
# Maps whose keys are the user's own: they keep their case.
_FREE = {"options", "dockerLabels"}


@correction(
    "Container definitions reach ECS whole: nested keys, secrets and log options included",
    f"{_CFN}/aws-properties-ecs-taskdefinition-containerdefinition.html",
)
def container_definitions_are_whole() -> None:
    def normalize(definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = camel_case(definitions)
        for each in found:
            unknown = set(each) - _FOLLOWED | set(each.get("linuxParameters", {})) - {"initProcessEnabled"}
            if unknown:
                raise ValueError(f"the local ECS does not follow {sorted(unknown)} of a container definition")
        return found

    plain = ministack.provisioners._ecs_task_def_create

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        arn, attributes = plain(logical_id, properties, stack)
        definition = ministack.ecs._task_defs[arn.rsplit("/", 1)[1]]
        definition["runtimePlatform"] = camel_case(properties.get("RuntimePlatform") or {})
        return arn, attributes

    ministack.provisioners._normalize_container_defs = normalize
    # MiniStack's update handler calls it by this name.
    ministack.provisioners._ecs_task_def_create = create
    ministack.handlers["AWS::ECS::TaskDefinition"]["create"] = create


def camel_case(value: Any) -> Any:
    """CloudFormation's keys (ContainerPort) as the ECS API spells them (containerPort)."""
    if isinstance(value, list):
        return [camel_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    keys = {key: key[:1].lower() + key[1:] for key in value}
    return {keys[key]: inner if keys[key] in _FREE else camel_case(inner) for key, inner in value.items()}


@correction(
    "A task stops when an essential container exits: the engine reports that, and no request waits for the engine",
    f"{_ECS}/task-lifecycle-explanation.html",
)
def exits_are_reported() -> None:
    plain = ministack.ecs._maybe_mark_stopped

    def look(task: dict[str, Any], client: Any = None) -> None:
        # MiniStack looks at each task ten times a second, and whenever a request names it: on a busy machine, all other
        # requests then wait for the engine. Only the task's own watch, in its thread, names a client.
        if client is not None:
            _await_exit(task)
            plain(task, client)

    ministack.ecs._maybe_mark_stopped = look


def _await_exit(task: dict[str, Any]) -> None:
    """Returns when the task's container has exited or the engine cannot say; at once where there are several.

    MiniStack knows a container that is not there any more as running: then the task is marked as lost.
    """
    containers = list(task.get("_docker_ids") or [])
    client = docker_engine.connect()
    try:
        for each in containers:
            if len(containers) == 1:
                client.api.wait(each)
            else:
                client.api.inspect_container(each)
    except NotFound:
        task[LOST] = True
    except (APIError, requests.RequestException):
        pass
    finally:
        client.close()


@correction(
    "A container runs as its definition says: user, read-only root, init process, CPU and memory limits",
    f"{_ECS}/task_definition_parameters.html",
)
def containers_follow_their_definition() -> None:
    plain = ministack.ecs._build_run_kwargs

    def build(
        definition: dict[str, Any],
        task: dict[str, Any],
        env: Any,
        ports: Any,
        network: Any,
        host_mode: Any,
        task_id: str,
        task_arn: str,
        *rest: Any,
    ) -> dict[str, Any]:
        options: dict[str, Any] = plain(definition, task, env, ports, network, host_mode, task_id, task_arn, *rest)
        if definition.get("entryPoint"):
            options["entrypoint"] = definition["entryPoint"]
        if definition.get("user"):
            options["user"] = str(definition["user"])
        if definition.get("workingDirectory"):
            options["working_dir"] = definition["workingDirectory"]
        options["read_only"] = bool(definition.get("readonlyRootFilesystem"))
        options["init"] = bool((definition.get("linuxParameters") or {}).get("initProcessEnabled"))
        options["labels"][_STOP_TIMEOUT] = str(definition.get("stopTimeout", 30))
        memory = f"{int(task['memory'])}m"
        options["mem_limit"] = options["memswap_limit"] = memory
        options["nano_cpus"] = int(int(task["cpu"]) / 1024 * 1e9)
        options |= _before_other_processes()
        # Fargate does not run the HEALTHCHECK of an image, only that of a task definition.
        options["healthcheck"] = {"test": ["NONE"]}
        # Names of AWS that lead to other containers here, if the security groups let them.
        groups = (_network(ministack.ecs._tasks.get(task_arn) or {}) or {}).get("securityGroups", [])
        options["extra_hosts"] = {**(options.get("extra_hosts") or {}), **documentdb.addresses(groups)}
        for key, values in documentdb.trust().items():
            options[key] = {**(options.get(key) or {}), **values}
        return options

    ministack.ecs._build_run_kwargs = build


@cache
def _before_other_processes() -> dict[str, Any]:
    """A task has its CPU to itself: whatever else this machine does comes after it."""
    driver = ministack.ecs._get_docker().info()["CgroupDriver"]
    # Below the engine's own group, all containers together would have the share of one process.
    return {"cpu_shares": 262_144, **({"cgroup_parent": "/"} if driver == "cgroupfs" else {})}


@correction(
    "The execution role pulls the image, reads the secrets and opens the log, or the task does not start; so do routes",
    f"{_ECS}/task_execution_IAM_role.html",
)
def execution_role_is_consulted() -> None:
    plain = ministack.ecs._start_task_worker

    def start(task: dict[str, Any], definition: dict[str, Any], *rest: Any) -> None:
        check_start(definition, task)
        plain(task, definition, *rest)

    ministack.ecs._start_task_worker = start


def check_start(definition: dict[str, Any], task: dict[str, Any]) -> None:
    """_SecretResolutionError, which MiniStack words as ResourceInitializationError, where AWS could not start the
    task.
    """
    failure = ministack.ecs._SecretResolutionError
    role = definition.get("executionRoleArn", "")
    try:
        iam.credentials(role, "ecs-tasks.amazonaws.com")
        for container in definition["containerDefinitions"]:
            _check_image(role, container["image"])
            _check_log(role, container)
            for secret in container.get("secrets", []):
                _check_secret(role, secret["valueFrom"])
    except iam.AccessDenied as error:
        raise failure(str(error)) from error
    network = _network(task)
    if network and (missing := endpoints.unreachable(_needed(definition), network)):
        raise failure(
            f"there is a connection issue between the task and {', '.join(missing)}: no route, no endpoint, or no rule "
            "for port 443"
        )


def _needed(definition: dict[str, Any]) -> list[str]:
    """The services that ECS calls from the task's network.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    containers = definition["containerDefinitions"]
    has_secrets = any(each.get("secrets") for each in containers)
    has_log = any((each.get("logConfiguration") or {}).get("logDriver") == "awslogs" for each in containers)
    return [
        *("ecr.api", "ecr.dkr", "s3"),
        *(["logs"] if has_log else []),
        *(["secretsmanager"] if has_secrets else []),
    ]


def _check_image(role: str, image: str) -> None:
    repository = ecr.repository_arn(image)
    if repository:
        iam.require(role, ["ecr:GetAuthorizationToken"], "*")
        iam.require(
            role, ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], repository
        )


def _check_log(role: str, container: dict[str, Any]) -> None:
    options = (container.get("logConfiguration") or {}).get("options") or {}
    group = options.get("awslogs-group")
    if not group:
        return
    if group not in ministack.logs._log_groups:
        raise iam.AccessDenied(f"The specified log group does not exist: {group}")
    arn = f"arn:aws:logs:{ministack.region()}:{ministack.account()}:log-group:{group}:log-stream:new"
    iam.require(role, ["logs:CreateLogStream", "logs:PutLogEvents"], arn)


def _check_secret(role: str, value_from: str) -> None:
    arn = _secret_arn(":".join(value_from.split(":")[:7]))
    iam.require(role, ["secretsmanager:GetSecretValue"], arn)
    for secret in ministack.secretsmanager._secrets.values():
        if secret["ARN"] == arn and secret.get("KmsKeyId"):
            via = {"kms:ViaService": f"secretsmanager.{ministack.region()}.amazonaws.com"}
            iam.require(role, ["kms:Decrypt"], secret["KmsKeyId"], {**via, **permissions.tags_of(secret["KmsKeyId"])})


def _secret_arn(known: str) -> str:
    """The whole ARN of a secret: its random ending may be left out.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    """
    found = (str(each["ARN"]) for each in ministack.secretsmanager._secrets.values())
    return next((each for each in found if known in (each, each[: -len("-a1B2c3")])), known)


def _network(task: dict[str, Any]) -> dict[str, Any] | None:
    service = ecs_targets.service_of(task)
    return ((service or {}).get("networkConfiguration") or {}).get("awsvpcConfiguration")


@correction("An image comes from its registry or not at all", f"{_ECS}/resolve-cannot-pull-container-error.html")
def images_come_from_their_registry() -> None:
    plain = ministack.ecs._run_docker_container

    def run(client: Any, definition: dict[str, Any], options: dict[str, Any], **named: Any) -> Any:
        image = ecr.local_name(definition["image"])
        if not _present(client, image):
            try:
                client.images.pull(image, auth_config=ecr.engine_login())
            except (APIError, ImageNotFound) as error:
                raise ministack.ecs._ImagePullError(f"{definition['image']}: {error}") from error
        options = {**options}
        options.pop("platform", None)
        return plain(client, {**definition, "image": image}, options)

    ministack.ecs._run_docker_container = run


def _present(client: Any, image: str) -> bool:
    """Only a digest says which image it is; a tag is always asked for again."""
    if "@" not in image:
        return False
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return ecr.exists(image)


@correction(
    "A task leaves in order: no new requests, open ones answered, SIGTERM, and SIGKILL after its StopTimeout",
    f"{_ECS}/task-lifecycle-explanation.html",
)
def tasks_leave_in_order() -> None:
    plain = ministack.ecs._cleanup_task_resources
    remove = ministack.ecs._remove_docker_container

    def cleanup(task: dict[str, Any], client: Any, *rest: Any) -> None:
        address = ministack.ecs._task_ip(task)
        # MiniStack's callers hold no lock here, but must not wait: the application may take its time.
        account, region = ministack.account(), ministack.region()

        def leave() -> None:
            with ministack.request_scope(account, region):
                for group in ecs_targets.groups_of(task):
                    elb.deregister(group, address, wait=task.get("stopCode") != "EssentialContainerExited")
                plain(task, client or ministack.ecs._get_docker(), *rest)

        with ecs_targets.registration:
            for group in ecs_targets.groups_of(task):
                for target in elb.targets(group):
                    if target.address == address:
                        target.state = "draining"
        threading.Thread(target=leave, daemon=True, name="leave").start()

    def stop(client: Any, container: Any) -> None:
        try:
            found = client.containers.get(container) if isinstance(container, str) else container
            found.stop(timeout=int(found.labels[_STOP_TIMEOUT]))
        except (APIError, NotFound, AttributeError):
            pass
        remove(client, container)

    ministack.ecs._cleanup_task_resources = cleanup
    ministack.ecs._remove_docker_container = stop
