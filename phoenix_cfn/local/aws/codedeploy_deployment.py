"""A deployment of CodeDeploy for ECS: a new task set beside the old one, whose requests it then takes over in steps.

It acts with the role of its deployment group. What fails, or is stopped, goes back to the old task set where the group
says so.
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html
"""

from __future__ import annotations

import json
import secrets
import string
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from phoenix_cfn.local.aws import iam, ministack
from phoenix_cfn.local.aws.resources import Properties
from phoenix_cfn.local.aws.settings import scaled

PRINCIPAL = "codedeploy.amazonaws.com"
# A share of the requests in percent, and the minutes for which it lasts.
Step = tuple[int, int]
# AWS's seconds: how long a task set may take to be steady, and a hook to answer.
_STEADY_WITHIN, _HOOK_WITHIN = 3600, 3600
# Real seconds for the tasks of a task set to leave: they drain, and have their StopTimeout.
_LEAVES_WITHIN = 300
_ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass(frozen=True)
class Group:
    """A deployment group: `steps` are those of its configuration."""

    application: str
    name: str
    role: str
    config: str
    steps: list[Step]
    properties: Properties

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Of the current account and region."""
        return ministack.account(), ministack.region(), self.application, self.name


class _Failed(Exception):
    """Why a deployment ends: its status, the code in CodeDeploy's API, and the event of the automatic rollback."""

    def __init__(self, code: str, message: str, status: str = "Failed", event: str = "DEPLOYMENT_FAILURE") -> None:
        super().__init__(message)
        self.code, self.status, self.event = code, status, event


class Deployment:
    """`spec`: the AppSpec file; `others`: all deployments, to which a rollback adds one."""

    def __init__(
        self, group: Group, spec: dict[str, Any], revision: dict[str, Any], others: dict[str, Deployment]
    ) -> None:
        self.group, self.spec, self.revision, self.others = group, spec, revision, others
        self.id = f"d-{''.join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))}"
        self.place = ministack.account(), ministack.region()
        self.status, self.creator = "Created", "user"
        self.error: dict[str, str] = {}
        self.rollback: dict[str, str] = {}
        self.created, self.completed = time.time(), 0.0
        self.events: list[dict[str, Any]] = []
        # Target group -> percent of the requests.
        self.weights: dict[str, int] = {}
        self._hook = ""
        self._answers: dict[str, str] = {}
        self._stop: bool | None = None
        self._stopping = threading.Event()
        self._roll_back: list[tuple[str, Any]] = []

    @property
    def ended(self) -> bool:
        """Whether nothing goes on any more."""
        return self.status in _ENDED

    @property
    def target(self) -> str:
        """The id of the ECS service in the deployment."""
        return f"{self._service['cluster']}:{self._service['service']}"

    def stop(self, roll_back: bool | None) -> None:
        """A person stops it. `roll_back`: whether it goes back; None where the group says so."""
        self._stop = roll_back
        self._stopping.set()

    def answer(self, execution: str, status: str) -> bool:
        """A hook's answer; False where no such hook is running."""
        if execution != self._hook:
            return False
        self._answers[execution] = status
        return True

    def run(self) -> None:
        """All steps, or back."""
        with ministack.request_scope(*self.place):
            self.status = "InProgress"
            try:
                self._forward()
                self._end("Succeeded")
            except _Failed as failure:
                self.error = {"code": failure.code, "message": str(failure)}
                print(f"CodeDeploy {self.id}: {failure}", flush=True)
                self._back(failure)
            except Exception as error:
                # Nothing of AWS: a fault of this module must not leave a pipeline that waits.
                traceback.print_exc()
                self.error = {"code": "INTERNAL_ERROR", "message": f"{type(error).__name__}: {error}"}
                self._end("Failed")

    def _end(self, status: str) -> None:
        self.completed = time.time()
        self.status = status

    @property
    def _service(self) -> dict[str, str]:
        [service] = self.group.properties["ECSServices"]
        return {"cluster": service["ClusterName"], "service": service["ServiceName"]}

    @property
    def _blue_green(self) -> dict[str, Any]:
        return dict(self.group.properties.get("BlueGreenDeploymentConfiguration") or {})

    def _listeners(self, route: str) -> list[str]:
        [pair] = self.group.properties["LoadBalancerInfo"]["TargetGroupPairInfoList"]
        return list((pair.get(route) or {}).get("ListenerArns", []))

    def _client(self, service: str) -> Any:
        try:
            return iam.client(service, self.group.role, PRINCIPAL)
        except iam.AccessDenied as error:
            raise _Failed("IAM_ROLE_MISSING", str(error)) from error

    def _forward(self) -> None:
        original, blue, green = self._pair()
        self._hooked("BeforeInstall")
        with self._event("Install"):
            production, test = self._listeners("ProdTrafficRoute"), self._listeners("TestTrafficRoute")
            # Health checks begin when a listener names the target group.
            self._weigh(production, {blue: 100, green: 0})
            self._roll_back.append(("traffic", (production, {blue: 100})))
            replacement = self._create_task_set(green)
            self._roll_back.append(("task set", replacement))
            self._wait_until_steady(replacement)
        self._hooked("AfterInstall")
        if test:
            with self._event("AllowTestTraffic"):
                self._weigh(test, {green: 100})
                self._roll_back.append(("traffic", (test, {blue: 100})))
            self._hooked("AfterAllowTestTraffic")
        self._hooked("BeforeAllowTraffic")
        with self._event("AllowTraffic"):
            for percent, minutes in self.group.steps:
                self._weigh(production, {blue: 100 - percent, green: percent})
                self._watch(60 * minutes)
            self._weigh(production, {green: 100, blue: 0})
            with self._rights():
                self._client("ecs").update_service_primary_task_set(**self._service, primaryTaskSet=replacement)
            self._roll_back.append(("primary", original))
        self._hooked("AfterAllowTraffic")
        termination = self._blue_green.get("TerminateBlueInstancesOnDeploymentSuccess") or {}
        if termination.get("Action", "TERMINATE") == "TERMINATE":
            self._watch(60 * float(termination.get("TerminationWaitTimeInMinutes", 0)))
            self._weigh(production, {green: 100})
            self._delete_task_set(original)

    def _pair(self) -> tuple[str, str, str]:
        """The task set that serves, its target group, and the target group of the replacement."""
        [info] = self.group.properties["LoadBalancerInfo"]["TargetGroupPairInfoList"]
        names = [each["Name"] for each in info["TargetGroups"]]
        with self._rights():
            groups = self._client("elbv2").describe_target_groups(Names=names)["TargetGroups"]
            cluster, service = self._service["cluster"], self._service["service"]
            [found] = self._client("ecs").describe_services(cluster=cluster, services=[service])["services"]
        arns = {each["TargetGroupArn"] for each in groups}
        task_sets = [each for each in found.get("taskSets", []) if each["status"] != "DRAINING"]
        primary = next((each for each in task_sets if each["status"] == "PRIMARY"), None)
        if primary is None or len(task_sets) > 1:
            raise _Failed(
                "INVALID_ECS_SERVICE",
                "The Amazon ECS service's deployment controller must be CODE_DEPLOY, and it must have one task set, "
                "which is primary.",
            )
        [blue] = [each["targetGroupArn"] for each in primary["loadBalancers"]]
        if blue not in arns or len(arns) != 2:
            raise _Failed(
                "ELASTIC_LOAD_BALANCING_INVALID",
                f"The primary task set's target group {blue} is none of the deployment group's two.",
            )
        [green] = arns - {blue}
        return str(primary["id"]), str(blue), str(green)

    def _create_task_set(self, green: str) -> str:
        [resource] = self.spec["Resources"]
        properties = resource["TargetService"]["Properties"]
        container = properties["LoadBalancerInfo"]
        request: dict[str, Any] = {
            "taskDefinition": properties["TaskDefinition"],
            "externalId": self.id,
            "scale": {"value": 100, "unit": "PERCENT"},
            "loadBalancers": [
                {
                    "targetGroupArn": green,
                    "containerName": container["ContainerName"],
                    "containerPort": int(container["ContainerPort"]),
                }
            ],
        }
        self._pass_roles(properties["TaskDefinition"])
        with self._rights("ECS_UPDATE_ERROR"):
            made = self._client("ecs").create_task_set(**self._service, **request)["taskSet"]
        return str(made["id"])

    def _pass_roles(self, definition: str) -> None:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html"""
        found = ministack.ecs._task_defs.get(ministack.ecs._resolve_td_key(definition)) or {}
        for role in filter(None, (found.get("executionRoleArn"), found.get("taskRoleArn"))):
            try:
                iam.require(self.group.role, ["iam:PassRole"], role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
            except iam.AccessDenied as error:
                raise _Failed("IAM_ROLE_PERMISSIONS", str(error)) from error

    def _wait_until_steady(self, task_set: str) -> None:
        end = time.time() + scaled(_STEADY_WITHIN)
        while time.time() < end:
            self._check()
            states = self._states()
            if states.get(task_set) == "STEADY_STATE":
                return
            if task_set not in states:
                raise _Failed("ECS_UPDATE_ERROR", "The replacement task set, or its service, is not there any more.")
            time.sleep(0.25)
        raise _Failed(
            "ECS_UPDATE_ERROR",
            "The deployment timed out while waiting for the replacement task set to become healthy. This time out "
            "period is 60 minutes.",
        )

    def _delete_task_set(self, task_set: str) -> None:
        """Returns when its tasks are gone."""
        with self._rights():
            self._client("ecs").delete_task_set(**self._service, taskSet=task_set, force=True)
        end = time.time() + _LEAVES_WITHIN
        while task_set in self._states() and time.time() < end:
            time.sleep(0.25)

    def _states(self) -> dict[str, str]:
        """The stability of the service's task sets, by their ids."""
        cluster, service = self._service["cluster"], self._service["service"]
        with self._rights():
            found = self._client("ecs").describe_services(cluster=cluster, services=[service])["services"]
        return {each["id"]: each["stabilityStatus"] for one in found for each in one.get("taskSets", [])}

    def _weigh(self, listeners: list[str], weights: dict[str, int]) -> None:
        """The listeners' default action forwards to the target groups by these weights."""
        client = self._client("elbv2")
        tuples = [{"TargetGroupArn": group, "Weight": weight} for group, weight in weights.items()]
        for listener in listeners:
            with self._rights():
                [found] = client.describe_listeners(ListenerArns=[listener])["Listeners"]
                if found["DefaultActions"][-1]["Type"] != "forward":
                    raise _Failed("ELASTIC_LOAD_BALANCING_INVALID", f"The listener {listener} does not forward.")
                client.modify_listener(
                    ListenerArn=listener,
                    DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}],
                )
        if listeners == self._listeners("ProdTrafficRoute"):
            self.weights = weights
            print(f"CodeDeploy {self.id}: {list(weights.values())} percent", flush=True)

    def _watch(self, seconds: float) -> None:
        """Waits so many of AWS's seconds, unless the deployment fails or is stopped."""
        end = time.time() + scaled(seconds)
        while time.time() < end:
            self._check()
            time.sleep(0.25)

    def _check(self) -> None:
        """https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html"""
        if self._stopping.is_set():
            raise _Failed(
                "MANUAL_STOP", "The deployment was stopped.", status="Stopped", event="DEPLOYMENT_STOP_ON_REQUEST"
            )
        alarms = self.group.properties.get("AlarmConfiguration") or {}
        names = [each["Name"] for each in alarms.get("Alarms", [])]
        if not names or str(alarms.get("Enabled", False)).lower() != "true":
            return
        with self._rights():
            found = self._client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        active = sorted(each["AlarmName"] for each in found if each["StateValue"] == "ALARM")
        if active:
            raise _Failed(
                "ALARM_ACTIVE",
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and "
                f"the affected deployments have been stopped. Activated alarms: <{', '.join(active)}>",
                status="Stopped",
                event="DEPLOYMENT_STOP_ON_ALARM",
            )

    def _hooked(self, name: str) -> None:
        """Calls the functions of a lifecycle event, and waits for what they answer.

        https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
        """
        for hook in self.spec.get("Hooks") or []:
            if name in hook:
                with self._event(name):
                    self._call(name, hook[name])

    def _call(self, name: str, function: str) -> None:
        self._hook = execution = f"{secrets.token_hex(16)}"
        payload = {"DeploymentId": self.id, "LifecycleEventHookExecutionId": execution}
        with self._rights("HOOK_EXECUTION_FAILURE"):
            client = self._client("lambda")
            called = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        if called.get("FunctionError"):
            words = called["Payload"].read().decode("utf-8", "replace")[:500]
            raise _Failed("HOOK_EXECUTION_FAILURE", f"The function {function} of {name} failed: {words}")
        end = time.time() + scaled(_HOOK_WITHIN)
        while (answer := self._answers.get(execution)) is None:
            self._check()
            if time.time() > end:
                raise _Failed("HOOK_EXECUTION_FAILURE", f"The function {function} of {name} did not answer in an hour.")
            time.sleep(0.1)
        self._hook = ""
        if answer != "Succeeded":
            raise _Failed("HOOK_EXECUTION_FAILURE", f"The function {function} of {name} answered {answer}.")

    @contextmanager
    def _event(self, name: str) -> Iterator[None]:
        """Records a lifecycle event."""
        self._check()
        event = {"lifecycleEventName": name, "startTime": time.time(), "status": "InProgress"}
        self.events.append(event)
        print(f"CodeDeploy {self.id}: {name}", flush=True)
        try:
            yield
        except BaseException:
            event.update(status="Failed", endTime=time.time())
            raise
        event.update(status="Succeeded", endTime=time.time())

    @contextmanager
    def _rights(self, otherwise: str = "INTERNAL_ERROR") -> Iterator[None]:
        """Raises _Failed for what an API refuses: as a lack of rights, or with the code `otherwise`."""
        try:
            yield
        except ClientError as error:
            denied = error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
            raise _Failed("IAM_ROLE_PERMISSIONS" if denied else otherwise, str(error)) from error

    def _back(self, failure: _Failed) -> None:
        """Where the group says so, back to the original task set, as a deployment of its own.

        https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
        """
        configured = self.group.properties.get("AutoRollbackConfiguration") or {}
        wanted = str(configured.get("Enabled", False)).lower() == "true" and failure.event in configured["Events"]
        if self._stopping.is_set() and self._stop is not None:
            wanted = self._stop
        if not wanted:
            self._end(failure.status)
            return
        other = Deployment(self.group, {}, self.revision, self.others)
        other.creator, other.status = "codeDeployRollback", "InProgress"
        other.rollback = {"rollbackTriggeringDeploymentId": self.id}
        self.others[other.id] = other
        self.rollback = {"rollbackDeploymentId": other.id, "rollbackMessage": str(failure)}
        self._end(failure.status)
        other.restore(self._roll_back)

    def restore(self, undo: list[tuple[str, Any]]) -> None:
        """Undoes what a deployment has done, the last first. Tasks are stopped when no request reaches them."""
        try:
            order = ("primary", "traffic", "task set")
            for kind, what in sorted(undo, key=lambda each: order.index(each[0])):
                if kind == "traffic":
                    self._weigh(*what)
                elif kind == "task set":
                    self._delete_task_set(what)
                else:
                    with self._rights():
                        self._client("ecs").update_service_primary_task_set(**self._service, primaryTaskSet=what)
            self._end("Succeeded")
        except _Failed as failure:
            print(f"CodeDeploy {self.id}: the rollback failed: {failure}", flush=True)
            self.error = {"code": failure.code, "message": str(failure)}
            self._end("Failed")

    def info(self) -> dict[str, Any]:
        """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html"""
        return {
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.name,
            "deploymentConfigName": self.group.config,
            "deploymentId": self.id,
            "revision": self.revision,
            "status": self.status,
            "creator": self.creator,
            "computePlatform": "ECS",
            "createTime": self.created,
            **({"completeTime": self.completed} if self.completed else {}),
            **({"errorInformation": self.error} if self.error else {}),
            **({"rollbackInfo": self.rollback} if self.rollback else {}),
        }

    def target_info(self) -> dict[str, Any]:
        """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTarget.html"""
        return {
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": self.id,
                "targetId": self.target,
                "status": self.status,
                "lifecycleEvents": self.events,
                "taskSetsInfo": [
                    {"trafficWeight": float(weight), "targetGroup": {"name": group.split("/")[1]}}
                    for group, weight in self.weights.items()
                ],
            },
        }
