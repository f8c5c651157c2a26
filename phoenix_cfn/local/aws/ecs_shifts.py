"""ECS's blue/green, canary and linear deployments: requests shift from the old version's target group to the new one's.

Each deployment runs through its lifecycle stages in a thread of its own, and shifts back where it fails.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from phoenix_cfn.local.aws import ecs, ecs_targets, elb, iam, ministack, permissions
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import scaled

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"

_NETWORKING = "Service deployment rolled back because of invalid networking configuration"
# AWS's seconds between two calls of a hook that is in progress, where it names no others.
_CALL_BACK = 30
# By account, region and ARN: what DescribeServiceDeployments returns.
_records: dict[tuple[str, str, str], dict[str, Any]] = {}


class _Failed(Exception):
    """Why a deployment rolls back, in AWS's words."""


class _Stopped(_Failed):
    """The deployment is not the service's newest any more."""


@correction(
    "A deployment that shifts requests goes through its lifecycle stages, and shifts back where one of them fails",
    f"{_ECS}/blue-green-deployment-how-it-works.html",
)
def deployments_shift_requests() -> None:
    complete, reconcile = ministack.ecs._complete_service_deployment, ministack.ecs._reconcile_service_tasks

    def next_step(cluster: str, key: str, *rest: Any, **named: Any) -> None:
        service = ministack.ecs._services.get(key) or {}
        if _waits_to_begin(service):
            with _beginning:
                if _waits_to_begin(service):
                    shift = _Shift(key, service, ministack.ecs._primary_deployment(service), complete)
                    threading.Thread(target=shift.run, daemon=True, name=f"shift-{key}").start()
        elif not service.get("_shift"):
            complete(cluster, key, *rest, **named)

    def when_it_is_time(cluster: str, key: str) -> None:
        service = ministack.ecs._services.get(key) or {}
        shift = service.get("_shift")
        if not _waits_to_begin(service) and not (shift and shift.held):
            reconcile(cluster, key)
        if shift:
            shift.keep_up()

    ministack.ecs._complete_service_deployment = next_step
    ministack.ecs._reconcile_service_tasks = when_it_is_time


_beginning = threading.Lock()


def _waits_to_begin(service: dict[str, Any]) -> bool:
    """Whether the service's newest deployment shifts requests, and has not begun to."""
    if not service or (service.get("deploymentConfiguration") or {}).get("strategy", "ROLLING") == "ROLLING":
        return False
    deployment = ministack.ecs._primary_deployment(service) or {}
    new = deployment.get("rolloutState") == "IN_PROGRESS" and not deployment.get("_begun")
    return bool(service["status"] == "ACTIVE" and new and not service.get("_shift"))


class _Shift:
    """One deployment on its way: from `source`, which serves (None for the first one), to `target`.

    `held`: whether the tasks of `target` must not start yet; `shifted`: the rules that it has changed.
    """

    def __init__(self, key: str, service: dict[str, Any], target: dict[str, Any], complete: Callable[..., None]):
        self.key, self.service, self.target, self.complete = key, service, target, complete
        self.place = ministack.account(), ministack.region()
        self.configuration = service["deploymentConfiguration"]
        self.source = next((each for each in service["deployments"] if each["rolloutState"] == "COMPLETED"), None)
        if self.source is not None:
            self.source["_begun"] = True
        target["_begun"] = self.held = True
        self.shifted: list[str] = []
        self.record = self._record()
        service["_shift"] = self

    def keep_up(self) -> None:
        """Replaces tasks of the old version that died: it serves until the end."""
        if self.source is None or self.source["status"] == "PRIMARY":
            return
        tasks = [
            task
            for task in list(ministack.ecs._tasks.values())
            if task.get("_deployment_id") == self.source["id"]
            and task.get("lastStatus") in ministack.ecs._PRE_STOP_STATUSES
        ]
        missing = self.service["desiredCount"] - len(tasks)
        if missing > 0:
            ministack.ecs._run_task(
                {
                    "cluster": self.key.split("/")[0],
                    "taskDefinition": self.source["taskDefinition"],
                    "count": missing,
                    "group": f"service:{self.service['serviceName']}",
                    "startedBy": self.service["serviceName"],
                    "launchType": self.service.get("launchType"),
                    "networkConfiguration": self.service.get("networkConfiguration", {}),
                    "_deploymentId": self.source["id"],
                }
            )

    def run(self) -> None:
        """All stages, or back."""
        with ministack.request_scope(*self.place):
            try:
                self._forward()
            except _Failed as failure:
                self._back(failure)
            except Exception as error:
                # Nothing of AWS: a fault of this module must not leave a stack that waits.
                self._back(_Failed(f"{type(error).__name__}: {error}"))
            finally:
                self.record["finishedAt"] = self.record["updatedAt"] = time.time()
                self.service["_shift"] = None

    def _forward(self) -> None:
        if self.source is not None:
            self._stage("RECONCILE_SERVICE")
        self._check_network()
        self._stage("PRE_SCALE_UP")
        self._stage("SCALE_UP", self._scale_up)
        self._stage("POST_SCALE_UP")
        test = [each["testListenerRule"] for each in self._advanced() if each.get("testListenerRule")]
        if test:
            self._stage("TEST_TRAFFIC_SHIFT", partial(self._weigh, test, 100), test=100)
            self._stage("POST_TEST_TRAFFIC_SHIFT")
        production = [each["productionListenerRule"] for each in self._advanced()]
        for percent, minutes in self._steps():
            self._stage("PRE_PRODUCTION_TRAFFIC_SHIFT")
            self._stage("PRODUCTION_TRAFFIC_SHIFT", partial(self._weigh, production, percent), production=percent)
            self._watch(60 * minutes)
        self._stage("POST_PRODUCTION_TRAFFIC_SHIFT")
        if self.source is not None:
            minutes = float(self.configuration.get("bakeTimeInMinutes", 15))
            self._stage("BAKE_TIME", partial(self._watch, 60 * minutes))
        self._stage("CLEAN_UP", self._clean_up)
        self.record.update(status="SUCCESSFUL", finishedAt=time.time())
        self.service["_last_completed"] = self.target["taskDefinition"]
        # Last: CloudFormation goes on from here, and the next deployment may begin at once.
        self.target["_steady"] = True

    def _steps(self) -> list[tuple[float, float]]:
        """The new version's shares of the requests in percent, each with the minutes that it lasts.

        A first deployment has nothing to shift from.
        """
        strategy = self.configuration["strategy"]
        if self.source is None or strategy == "BLUE_GREEN":
            return [(100, 0)]
        if strategy == "CANARY":
            canary = self.configuration.get("canaryConfiguration") or {}
            return [(float(canary.get("canaryPercent", 5)), float(canary.get("canaryBakeTimeInMinutes", 10))), (100, 0)]
        linear = self.configuration.get("linearConfiguration") or {}
        step, minutes = float(linear.get("stepPercent", 10)), float(linear.get("stepBakeTimeInMinutes", 6))
        shares = [number * step for number in range(1, int(100 / step) + 1) if number * step < 100]
        return [*((share, minutes) for share in shares), (100, 0)]

    def _stage(
        self,
        name: str,
        work: Callable[[], None] = lambda: None,
        test: float | None = None,
        production: float | None = None,
    ) -> None:
        """One lifecycle stage: its work, then its hooks."""
        self._check()
        self.record.update(lifecycleStage=name, updatedAt=time.time())
        print(f"ECS deployment of {self.service['serviceName']}: {name}", flush=True)
        work()
        for hook in self.configuration.get("lifecycleHooks") or []:
            if name in hook["lifecycleStages"]:
                self._call(hook, name, test, production)
        self._check()

    def _check(self) -> None:
        """Raises _Failed where the circuit breaker or an alarm has failed the deployment, or it has gone."""
        if self.target["rolloutState"] == "COMPLETED":
            return  # The next deployment may have begun.
        if self.target["rolloutState"] == "FAILED":
            if "alarm" in self.target["rolloutStateReason"]:
                raise _Failed("Service deployment rolled back because of one or more active alarms.")
            raise _Failed("Service deployment rolled back because the circuit breaker threshold was exceeded.")
        if self.service["status"] != "ACTIVE" or self.target["status"] != "PRIMARY":
            raise _Stopped("Another deployment began, or the service was deleted.")

    def _watch(self, seconds: float) -> None:
        """Waits so many of AWS's seconds, unless the deployment fails."""
        end = time.time() + scaled(seconds)
        while time.time() < end:
            self._check()
            time.sleep(0.1)

    def _scale_up(self) -> None:
        self.held = False
        end = time.time() + ecs.PATIENCE
        while sum(each.get("_startup_stable", False) for each in self._tasks()) < self.service["desiredCount"]:
            self._check()
            if time.time() > end:
                raise _Failed("Service deployment rolled back because its tasks did not become healthy in time.")
            time.sleep(0.1)

    def _tasks(self) -> list[dict[str, Any]]:
        return [each for each in ecs.running_tasks(self.service) if each.get("_deployment_id") == self.target["id"]]

    def _clean_up(self) -> None:
        while self.target["rolloutState"] != "COMPLETED":
            self._check()
            self.complete(self.key.split("/")[0], self.key)
            time.sleep(0.1)

    def _advanced(self) -> list[dict[str, Any]]:
        return [each["advancedConfiguration"] for each in self.service.get("loadBalancers") or []]

    def _check_network(self) -> None:
        """Raises _Failed where the rules or the role do not let ECS shift requests.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html
        """
        for balancer in self.service.get("loadBalancers") or []:
            advanced = balancer["advancedConfiguration"]
            production, test = advanced["productionListenerRule"], advanced.get("testListenerRule", "")
            pair = [balancer["targetGroupArn"], advanced["alternateTargetGroupArn"]]
            for rule in filter(None, (production, test)):
                if rule not in ministack.alb._rules:
                    raise _Failed(f"{_NETWORKING}. One or more rules not found")
            for group in pair:
                if group not in {**elb.weights(production), **elb.weights(test)}:
                    raise _Failed(
                        f"{_NETWORKING}: Target group {group} is not associated with either productionListenerRule or "
                        "testListenerRule."
                    )
            serving = [group for group, weight in elb.weights(production).items() if weight]
            if len(serving) != 1:
                raise _Failed(
                    f"{_NETWORKING}. productionListenerRule {production} should have exactly one target group serving "
                    f"traffic but found {len(serving)} target groups which are serving traffic"
                )
            if serving[0] not in pair:
                raise _Failed(
                    f"{_NETWORKING}. Production listener rule is forwarding traffic to unexpected target group "
                    f"{serving[0]}. Expected traffic to be forwarded to either targetGroupArn: {pair[0]} or "
                    f"alternateTargetGroupArn: {pair[1]}"
                )
            self._check_role(advanced["roleArn"], pair)

    def _check_role(self, role: str, groups: list[str]) -> None:
        try:
            iam.credentials(role, "ecs.amazonaws.com")
        except iam.AccessDenied as error:
            raise _Failed(
                f"{_NETWORKING}. ECS was unable to manage the ELB resources due to missing permissions on ECS "
                f"Infrastructure Role '{role}'."
            ) from error
        kinds = ("Listeners", "Rules", "TargetGroups", "TargetHealth")
        try:
            for kind in kinds:
                iam.require(role, [f"elasticloadbalancing:Describe{kind}"], "*")
            for group in groups:
                actions = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
                iam.require(role, actions, group, permissions.tags_of(group))
        except iam.AccessDenied as error:
            raise _Failed(f"{_NETWORKING}. {error}") from error

    def _weigh(self, rules: list[str], percent: float) -> None:
        """Gives the new version so many percent of the requests that follow the rules, with the role's rights."""
        for rule, advanced, index in self._rules(rules):
            weights = dict.fromkeys(elb.weights(rule), 0)
            new = ecs_targets.groups_of_deployment(self.service, self.target)[index]
            pair = {self.service["loadBalancers"][index]["targetGroupArn"], advanced["alternateTargetGroupArn"]}
            [old] = pair - {new}
            listener = ministack.alb._rules[rule]["ListenerArn"]
            try:
                for action, arn in (("ModifyListener", listener), ("ModifyRule", rule)):
                    iam.require(advanced["roleArn"], [f"elasticloadbalancing:{action}"], arn, permissions.tags_of(arn))
            except iam.AccessDenied as error:
                stage = self.record["lifecycleStage"]
                raise _Failed(
                    f"Service deployment rolled back because {stage} lifecycle hook(s) failed. {error}"
                ) from error
            # Weights are whole numbers up to 999.
            whole = 100 if percent == int(percent) else 990
            share = round(percent * whole / 100)
            elb.shift(rule, {**weights, old: whole - share, new: share})
            if rule not in self.shifted:
                self.shifted.append(rule)

    def _rules(self, wanted: list[str]) -> list[tuple[str, dict[str, Any], int]]:
        return [
            (rule, advanced, index)
            for index, advanced in enumerate(self._advanced())
            for rule in (advanced["productionListenerRule"], advanced.get("testListenerRule"))
            if rule in wanted
        ]

    def _call(self, hook: dict[str, Any], stage: str, test: float | None, production: float | None) -> None:
        """Calls a hook's function, again and again while it is in progress. Raises _Failed where it fails.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
        """
        prefix = f"Service deployment rolled back because {stage} lifecycle hook(s) failed."
        target, role = hook["hookTargetArn"], hook["roleArn"]
        try:
            client = iam.client("lambda", role, "ecs.amazonaws.com")
        except iam.AccessDenied as error:
            raise _Failed(f"{prefix} ECS was unable to assume role {role}") from error
        details = dict(hook.get("hookDetails") or {})
        limit = hook.get("timeoutConfiguration") or {}
        end = time.time() + scaled(60 * float(limit.get("timeoutInMinutes", 1440)))
        while True:
            event = {
                "executionId": str(uuid.uuid4()),
                "lifecycleStage": stage,
                "resourceArn": self.record["serviceDeploymentArn"],
                "executionDetails": {
                    "serviceArn": self.service["serviceArn"],
                    "targetServiceRevisionArn": self._revision(self.target),
                    "testTrafficWeights": self._shares(test),
                    "productionTrafficWeights": self._shares(production),
                },
                "hookDetails": details,
            }
            answer = _invoke(client, target, event, prefix)
            status = answer.get("hookStatus")
            if status == "SUCCEEDED":
                return
            if status == "FAILED":
                raise _Failed(f"{prefix} Lifecycle hook target {target} returned FAILED status.")
            if status != "IN_PROGRESS":
                raise _Failed(
                    f"{prefix} ECS was unable to parse the response from {target} due to HookStatus must not be null"
                )
            details |= answer.get("hookDetails") or {}
            self._watch(float(answer.get("callBackDelay", _CALL_BACK)))
            if time.time() >= end:
                if limit.get("action") == "CONTINUE":
                    return
                raise _Failed(f"{prefix} Lifecycle hook target {target} timed out.")

    def _shares(self, percent: float | None) -> dict[str, float]:
        if percent is None:
            return {}
        old = {} if self.source is None else {self._revision(self.source): 100 - percent}
        return {self._revision(self.target): percent, **old}

    def _back(self, failure: _Failed) -> None:
        """Shifts the requests back to the old version, whose tasks have been there all the time. AWS then calls the
        hooks of the two stages that shift again; here it does not.
        """
        reason = str(failure)
        self.record["statusReason"] = reason
        print(f"ECS deployment of {self.service['serviceName']}: {reason}", flush=True)
        if self.target["rolloutState"] != "FAILED" and not isinstance(failure, _Stopped):
            ecs.fail(self.service, self.target, reason, roll_back=True)
        self.target["rolloutStateReason"] = reason
        if self.source is None:
            self.record["status"] = "ROLLBACK_FAILED"
            self.target["rolloutStateReason"] += " No rollback candidate was found to run the rollback."
            return
        self.record["rollback"] = {
            "reason": reason,
            "startedAt": time.time(),
            "serviceRevisionArn": self._revision(self.source),
        }
        try:
            self._weigh(self.shifted, 0)
            self.record["status"] = "ROLLBACK_SUCCESSFUL"
        except _Failed as second:
            self.record.update(status="ROLLBACK_FAILED", statusReason=f"{reason} {second}")
        if isinstance(failure, _Stopped):
            # Its target group is the next deployment's.
            self.target["rolloutState"] = "FAILED"
            for task in self._tasks():
                ministack.ecs._stop_task(
                    {"task": task["taskArn"], "cluster": self.key.split("/")[0], "reason": "Deployment completed"}
                )

    def _record(self) -> dict[str, Any]:
        """What DescribeServiceDeployments returns of this deployment."""
        name = "/".join(self.service["serviceArn"].split("/")[-2:])
        place = f"arn:aws:ecs:{self.place[1]}:{self.place[0]}"
        now = time.time()
        record = {
            "serviceDeploymentArn": f"{place}:service-deployment/{name}/{self.target['id'].rsplit('/', 1)[1]}",
            "serviceArn": self.service["serviceArn"],
            "clusterArn": self.service["clusterArn"],
            "createdAt": now,
            "startedAt": now,
            "updatedAt": now,
            "status": "IN_PROGRESS",
            "targetServiceRevision": {"arn": self._revision(self.target)},
            "sourceServiceRevisions": [] if self.source is None else [{"arn": self._revision(self.source)}],
            "deploymentConfiguration": self.configuration,
        }
        _records[(*self.place, record["serviceDeploymentArn"])] = record
        return record

    def _revision(self, deployment: dict[str, Any]) -> str:
        name = "/".join(self.service["serviceArn"].split("/")[-2:])
        number = deployment["id"].rsplit("/", 1)[1]
        return f"arn:aws:ecs:{self.place[1]}:{self.place[0]}:service-revision/{name}/{number}"


def _invoke(client: Any, function: str, event: dict[str, Any], prefix: str) -> dict[str, Any]:
    """What the function answers; empty where it answers with an error. Raises _Failed where it cannot be called."""
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
        found = json.loads(answer["Payload"].read() or b"null")
    except (BotoCoreError, ClientError, ValueError) as error:
        raise _Failed(f"{prefix} ECS was unable to invoke hook target {function} due to {error}") from error
    return found if isinstance(found, dict) and "FunctionError" not in answer else {}


@correction(
    "A service that shifts requests names its rules, two target groups and a role, or it is refused",
    f"{_ECS}/troubleshooting-blue-green.html",
)
def services_that_shift_name_their_rules() -> None:
    handler = ministack.handlers["AWS::ECS::Service"]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        _check_service(properties)
        return create(logical_id, properties, stack)

    def updated(arn: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Any:
        _check_service(new)
        return update(arn, old, new, stack)

    ministack.handlers["AWS::ECS::Service"] = {**handler, "create": created, "update": updated}


def _check_service(properties: dict[str, Any]) -> None:
    """InvalidParameterException, in AWS's words, where the service cannot shift requests."""
    balancers = properties.get("LoadBalancers", [])
    advanced = [each["AdvancedConfiguration"] for each in balancers if each.get("AdvancedConfiguration")]
    if 0 < len(advanced) < len(balancers):
        raise ValueError("Either all or none of the provided loadBalancers must have advancedConfiguration defined")
    strategy = (properties.get("DeploymentConfiguration") or {}).get("Strategy", "ROLLING")
    if strategy != "ROLLING" and not advanced:
        raise ValueError(
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy"
        )
    for balancer in balancers:
        if each := balancer.get("AdvancedConfiguration"):
            _check_rules(balancer["TargetGroupArn"], each)


def _check_rules(group: str, advanced: dict[str, Any]) -> None:
    alternate = advanced["AlternateTargetGroupArn"]
    rules = {key: advanced.get(key) for key in ("ProductionListenerRule", "TestListenerRule")}
    for key, rule in rules.items():
        if rule is not None and ":listener-rule/app/" not in rule:
            raise ValueError(
                f"{key[0].lower()}{key[1:]} has an invalid ARN format. "
                f"Must be RuleArn for ALB or ListenerArn for NLB. Got: {rule}"
            )
    if group == alternate:
        raise ValueError(f"Duplicate targetGroupArn found: {group}")
    production, test = rules.values()
    if test and production == test:
        raise ValueError(f"The following rules cannot be used as both production and test listener rules: {test}")
    if not test and not {group, alternate} <= set(elb.weights(production or "")):
        raise ValueError(
            "For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated "
            "with both targetGroup and alternateTargetGroup"
        )


@correction(
    "DescribeServiceDeployments and ListServiceDeployments return the deployments that shift requests",
    f"{_API}/API_DescribeServiceDeployments.html",
)
def service_deployments_are_described() -> None:
    def own() -> list[dict[str, Any]]:
        place = ministack.account(), ministack.region()
        return [record for (*where, _), record in list(_records.items()) if tuple(where) == place]

    def describe(data: dict[str, Any]) -> Any:
        wanted = data["serviceDeploymentArns"]
        found = [each for each in own() if each["serviceDeploymentArn"] in wanted]
        return ministack.responses.json_response({"serviceDeployments": found, "failures": []})

    def list_them(data: dict[str, Any]) -> Any:
        brief = {
            *("serviceDeploymentArn", "serviceArn", "clusterArn", "status", "statusReason"),
            *("createdAt", "startedAt", "finishedAt"),
        }
        found = [
            {key: value for key, value in each.items() if key in brief}
            for each in own()
            if data["service"] in (each["serviceArn"], each["serviceArn"].rsplit("/", 1)[1])
            and each["status"] in (data.get("status") or [each["status"]])
        ]
        return ministack.responses.json_response({"serviceDeployments": found[::-1]})

    ministack.ecs._ACTION_MAP["DescribeServiceDeployments"] = describe
    ministack.ecs._ACTION_MAP["ListServiceDeployments"] = list_them
