"""CodeDeploy for ECS: applications, deployment groups, configurations, and the deployments that pipelines ask for."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

from phoenix_cfn.local.aws import iam, ministack
from phoenix_cfn.local.aws.api import ApiError, Request, serve
from phoenix_cfn.local.aws.codedeploy_deployment import PRINCIPAL, Deployment, Group, Step
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.ecs_task_sets import CODE_DEPLOY
from phoenix_cfn.local.aws.resources import Properties

_GUIDE = "https://docs.aws.amazon.com/codedeploy/latest/userguide"
_API = "https://docs.aws.amazon.com/codedeploy/latest/APIReference"

Key = tuple[str, str, str]

_applications: dict[Key, Properties] = {}
_configurations: dict[Key, Properties] = {}
_groups: dict[tuple[Key, str], Group] = {}
# Oldest first, by their ids.
_deployments: dict[str, Deployment] = {}
_deploying = threading.Lock()

# The deployments by which a service is replaced without a configuration of one's own.
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
_PREDEFINED: dict[str, list[Step]] = {
    "CodeDeployDefault.ECSAllAtOnce": [],
    "CodeDeployDefault.ECSCanary10Percent5Minutes": [(10, 5)],
    "CodeDeployDefault.ECSCanary10Percent15Minutes": [(10, 15)],
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes": [(share, 1) for share in range(10, 100, 10)],
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": [(share, 3) for share in range(10, 100, 10)],
}


def _key(name: str) -> Key:
    return ministack.account(), ministack.region(), name


@correction("An application holds the deployment groups of one compute platform", f"{_GUIDE}/applications.html")
def applications() -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        name = properties.get("ApplicationName") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}"
        if _key(name) in _applications:
            raise ValueError(f"Application '{name}' already exists")
        if properties.get("ComputePlatform", "Server") != "ECS":
            raise ValueError("the local CodeDeploy knows the compute platform ECS only")
        _applications[_key(name)] = properties
        return name, {}

    def delete(name: str, properties: Properties) -> None:
        _applications.pop(_key(name), None)
        for key in [each for each in list(_groups) if each[0] == _key(name)]:
            del _groups[key]

    ministack.handlers["AWS::CodeDeploy::Application"] = {
        "create": create,
        "update": lambda name, old, new, stack: (name, {}),
        "delete": delete,
    }


@correction(
    "A configuration says in which steps the requests shift; it stays as it is, and while a group uses it",
    f"{_GUIDE}/deployment-configurations-create.html",
)
def deployment_configs() -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        name = properties.get("DeploymentConfigName") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}"
        if _key(name) in _configurations or name in _PREDEFINED:
            raise ValueError(f"Deployment config '{name}' already exists")
        steps(properties)
        _configurations[_key(name)] = properties
        return name, {}

    def update(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, dict[str, str]]:
        # Each property needs a replacement: CloudFormation makes another one, and deletes this one later.
        return create("", new, stack)

    def delete(name: str, properties: Properties) -> None:
        if any(each.config == name for (key, _), each in list(_groups.items()) if key[:2] == _key(name)[:2]):
            raise ValueError(f"Deployment configuration '{name}' is in use")
        _configurations.pop(_key(name), None)

    ministack.handlers["AWS::CodeDeploy::DeploymentConfig"] = {"create": create, "update": update, "delete": delete}


def steps(configuration: Properties) -> list[Step]:
    """The new version's shares of the requests in percent before it has all of them, each with its minutes.

    ValueError for what CodeDeploy refuses.
    """
    routing = configuration.get("TrafficRoutingConfig") or {"Type": "AllAtOnce"}
    if configuration.get("ComputePlatform") != "ECS":
        raise ValueError("the local CodeDeploy knows the compute platform ECS only")
    if routing["Type"] == "AllAtOnce":
        return []
    linear = routing["Type"] == "TimeBasedLinear"
    details, name = (routing["TimeBasedLinear"], "Linear") if linear else (routing["TimeBasedCanary"], "Canary")
    share, minutes = int(details[f"{name}Percentage"]), int(details[f"{name}Interval"])
    if not 1 <= share <= 99 or minutes < 1:
        raise ValueError(f"{name}Percentage is from 1 to 99, {name}Interval at least 1; found {share} and {minutes}")
    return [(each, minutes) for each in range(share, 100, share)] if linear else [(share, minutes)]


@correction(
    "A deployment group is checked: application, role, configuration, and the service, which CodeDeploy deploys",
    f"{_API}/API_CreateDeploymentGroup.html",
)
def deployment_groups() -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        name = properties.get("DeploymentGroupName") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}"
        application = _key(properties["ApplicationName"])
        if application not in _applications:
            raise ValueError(f"No application found for name: {application[2]}")
        if (application, name) in _groups:
            raise ValueError(f"Deployment group {name} already exists")
        _groups[application, name] = _checked(name, properties)
        return name, {}

    def update(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, dict[str, str]]:
        _groups[_key(new["ApplicationName"]), name] = _checked(name, new)
        return name, {}

    def delete(name: str, properties: Properties) -> None:
        _groups.pop((_key(properties["ApplicationName"]), name), None)

    ministack.handlers["AWS::CodeDeploy::DeploymentGroup"] = {"create": create, "update": update, "delete": delete}


def _checked(name: str, properties: Properties) -> Group:
    """ValueError for what CreateDeploymentGroup refuses."""
    role = properties["ServiceRoleArn"]
    try:
        iam.credentials(role, PRINCIPAL)
    except iam.AccessDenied as error:
        raise ValueError(f"AWS CodeDeploy does not have the permissions required to assume the role {role}.") from error
    config = properties.get("DeploymentConfigName", "CodeDeployDefault.ECSAllAtOnce")
    if _key(config) in _configurations:
        found = steps(_configurations[_key(config)])
    elif config in _PREDEFINED:
        found = _PREDEFINED[config]
    else:
        raise ValueError(f"No deployment configuration found for name: {config}")
    style = properties.get("DeploymentStyle") or {}
    if (style.get("DeploymentType"), style.get("DeploymentOption")) != ("BLUE_GREEN", "WITH_TRAFFIC_CONTROL"):
        raise ValueError("Invalid deployment style: of ECS it is BLUE_GREEN with WITH_TRAFFIC_CONTROL")
    [service] = properties["ECSServices"]
    known = ministack.ecs._services.get(f"{service['ClusterName']}/{service['ServiceName']}") or {}
    if (known.get("deploymentController") or {}).get("type") != CODE_DEPLOY:
        raise ValueError("Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller.")
    ready = (properties.get("BlueGreenDeploymentConfiguration") or {}).get("DeploymentReadyOption") or {}
    if ready.get("ActionOnTimeout", "CONTINUE_DEPLOYMENT") != "CONTINUE_DEPLOYMENT":
        raise ValueError("the local CodeDeploy knows the ready option CONTINUE_DEPLOYMENT only")
    [pair] = properties["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    if len(pair["TargetGroups"]) != 2 or len(pair["ProdTrafficRoute"]["ListenerArns"]) != 1:
        raise ValueError("A target group pair has two target groups, and one listener for production")
    for alarm in (properties.get("AlarmConfiguration") or {}).get("Alarms", []):
        if alarm["Name"] not in ministack.cloudwatch._alarms:
            raise ValueError(f"The alarm {alarm['Name']} does not exist")
    return Group(properties["ApplicationName"], name, role, config, found, properties)


@correction("Deployments are asked for, followed and stopped by the API", f"{_API}/API_CreateDeployment.html")
def deployments_have_an_api() -> None:
    serve(
        "codedeploy",
        {
            "GetApplication": _get_application,
            "RegisterApplicationRevision": _register_revision,
            "GetApplicationRevision": _get_revision,
            "GetDeploymentConfig": _get_config,
            "GetDeploymentGroup": _get_group,
            "CreateDeployment": _create_deployment,
            "GetDeployment": lambda request: {"deploymentInfo": _deployment(request).info()},
            "ListDeployments": _list_deployments,
            "StopDeployment": _stop_deployment,
            "ListDeploymentTargets": lambda request: {"targetIds": [_deployment(request).target]},
            "BatchGetDeploymentTargets": lambda request: {"deploymentTargets": [_deployment(request).target_info()]},
            "PutLifecycleEventHookExecutionStatus": _answer_hook,
        },
        _resource,
    )


def _resource(operation: str, request: Request) -> str:
    if operation == "GetDeploymentConfig":
        return f"deploymentconfig:{request['deploymentConfigName']}"
    if deployment := _deployments.get(request.get("deploymentId", "")):
        return f"deploymentgroup:{deployment.group.application}/{deployment.group.name}"
    application, group = request.get("applicationName"), request.get("deploymentGroupName")
    if group:
        return f"deploymentgroup:{application}/{group}"
    return f"application:{application}" if application else "*"


def _get_application(request: Request) -> dict[str, Any]:
    name = request["applicationName"]
    if _key(name) not in _applications:
        raise ApiError("ApplicationDoesNotExistException", f"No application found for name: {name}")
    return {"application": {"applicationName": name, "computePlatform": "ECS"}}


def _register_revision(request: Request) -> dict[str, Any]:
    _get_application(request)
    _app_spec(request["revision"])
    return {}


def _get_revision(request: Request) -> dict[str, Any]:
    _get_application(request)
    return {"applicationName": request["applicationName"], "revision": request["revision"]}


def _get_config(request: Request) -> dict[str, Any]:
    name = request["deploymentConfigName"]
    if _key(name) not in _configurations and name not in _PREDEFINED:
        raise ApiError("DeploymentConfigDoesNotExistException", f"No deployment configuration found for name: {name}")
    return {"deploymentConfigInfo": {"deploymentConfigName": name, "computePlatform": "ECS"}}


def _group(request: Request) -> Group:
    _get_application(request)
    name = request["deploymentGroupName"]
    group = _groups.get((_key(request["applicationName"]), name))
    if group is None:
        raise ApiError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
    return group


def _get_group(request: Request) -> dict[str, Any]:
    group = _group(request)
    return {
        "deploymentGroupInfo": {
            "applicationName": group.application,
            "deploymentGroupName": group.name,
            "deploymentConfigName": group.config,
            "serviceRoleArn": group.role,
            "computePlatform": "ECS",
        }
    }


def _app_spec(revision: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html"""
    if revision.get("revisionType") != "AppSpecContent":
        raise ApiError("InvalidRevisionException", "the local CodeDeploy knows revisions of type AppSpecContent only")
    try:
        spec: dict[str, Any] = json.loads(revision["appSpecContent"]["content"])
        [resource] = spec["Resources"]
        properties = resource["TargetService"]["Properties"]
        found = {properties["TaskDefinition"], properties["LoadBalancerInfo"]["ContainerName"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError(
            "InvalidRevisionException", f"The AppSpec file cannot be located or is not valid: {error}"
        ) from error
    if not all(isinstance(each, str) for each in found):
        raise ApiError("InvalidRevisionException", "The AppSpec file is not valid")
    return spec


def _create_deployment(request: Request) -> dict[str, Any]:
    group, spec = _group(request), _app_spec(request["revision"])
    with _deploying:
        for each in list(_deployments.values()):
            if each.group.key == group.key and not each.ended:
                raise ApiError(
                    "DeploymentLimitExceededException",
                    f"The Deployment Group '{group.name}' already has an active Deployment '{each.id}'",
                )
        made = Deployment(group, spec, request["revision"], _deployments)
        _deployments[made.id] = made
    threading.Thread(target=made.run, daemon=True, name=f"deployment-{made.id}").start()
    return {"deploymentId": made.id}


def _deployment(request: Request) -> Deployment:
    found = _deployments.get(request["deploymentId"])
    if found is None or found.group.key[:2] != (ministack.account(), ministack.region()):
        raise ApiError(
            "DeploymentDoesNotExistException", f"The deployment {request['deploymentId']} could not be found"
        )
    return found


def _list_deployments(request: Request) -> dict[str, Any]:
    """Newest first."""
    group = _group(request)
    wanted = request.get("includeOnlyStatuses")
    found = [each for each in list(_deployments.values()) if each.group.key == group.key]
    return {"deployments": [each.id for each in reversed(found) if not wanted or each.status in wanted]}


def _stop_deployment(request: Request) -> dict[str, Any]:
    deployment = _deployment(request)
    if deployment.ended:
        raise ApiError("DeploymentAlreadyCompletedException", f"The deployment {deployment.id} has already completed")
    deployment.stop(request.get("autoRollbackEnabled"))
    return {"status": "Pending", "statusMessage": "Stopping the deployment"}


def _answer_hook(request: Request) -> dict[str, Any]:
    execution = request["lifecycleEventHookExecutionId"]
    if not _deployment(request).answer(execution, request["status"]):
        raise ApiError("InvalidLifecycleEventHookExecutionIdException", f"{execution} is not a hook that is running")
    return {"lifecycleEventHookExecutionId": execution}
