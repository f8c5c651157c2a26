"""A service that CodeDeploy deploys, for the lab: its versions differ in what their pages say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab, Resources, allow, everybody, role, security_group
from tests.local.aws.service import OUTPUTS, container, service

# Answers by its name: VERDICT is what it says to CodeDeploy.
HOOK = """
import boto3, os
def handler(event, context):
    if os.environ["VERDICT"] == "raises":
        raise RuntimeError("a defect")
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=os.environ["VERDICT"],
    )
"""
ALARM: dict[str, Any] = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "lab-release",
        "Namespace": "Lab",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    },
}
ROLE = [
    allow("ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet"),
    allow("elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeListeners"),
    allow("elasticloadbalancing:ModifyListener", "cloudwatch:DescribeAlarms", "lambda:InvokeFunction", "iam:PassRole"),
]


def codedeploy_service(image: str) -> Resources:
    """From the network to the service, which names its task definition by the family; two target groups."""
    resources = service(
        container(image, Environment=[{"Name": "GREETING", "Value": "one"}]),
        DeploymentController={"Type": "CODE_DEPLOY"},
        TaskDefinition="lab",
        DeploymentConfiguration={"MinimumHealthyPercent": 100},
    )
    resources["Others"] = json.loads(json.dumps(resources["Targets"]))
    resources["Service"]["DependsOn"].append("Definition")
    resources["Listener"]["DependsOn"] = "Others"
    resources["BalancerGroup"] = security_group(everybody(80), everybody(81))
    resources["TestListener"] = json.loads(json.dumps(resources["Listener"]))
    resources["TestListener"]["Properties"]["Port"] = 81
    return resources


def deployed_by_codedeploy(image: str, statements: list[dict[str, Any]] | None = None) -> Resources:
    """The service with its application, its deployment group, and two functions for hooks."""
    group = {
        "ApplicationName": {"Ref": "Application"},
        "DeploymentGroupName": "lab",
        "ServiceRoleArn": {"Fn::GetAtt": ["Deployer", "Arn"]},
        "DeploymentConfigName": {"Ref": "Steps"},
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "BlueGreenDeploymentConfiguration": {
            "DeploymentReadyOption": {"ActionOnTimeout": "CONTINUE_DEPLOYMENT", "WaitTimeInMinutes": 0},
            "TerminateBlueInstancesOnDeploymentSuccess": {"Action": "TERMINATE", "TerminationWaitTimeInMinutes": 1},
        },
        "ECSServices": [{"ClusterName": {"Ref": "Cluster"}, "ServiceName": {"Fn::GetAtt": ["Service", "Name"]}}],
        "AutoRollbackConfiguration": {
            "Enabled": True,
            "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
        },
        "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": "Alarm"}}]},
        "LoadBalancerInfo": {
            "TargetGroupPairInfoList": [
                {
                    "TargetGroups": [
                        {"Name": {"Fn::GetAtt": [each, "TargetGroupName"]}} for each in ("Targets", "Others")
                    ],
                    "ProdTrafficRoute": {"ListenerArns": [{"Ref": "Listener"}]},
                    "TestTrafficRoute": {"ListenerArns": [{"Ref": "TestListener"}]},
                }
            ]
        },
    }
    canary = {"Type": "TimeBasedCanary", "TimeBasedCanary": {"CanaryPercentage": 25, "CanaryInterval": 1}}
    return {
        **codedeploy_service(image),
        "Application": {
            "Type": "AWS::CodeDeploy::Application",
            "Properties": {"ApplicationName": "lab", "ComputePlatform": "ECS"},
        },
        "Steps": {
            "Type": "AWS::CodeDeploy::DeploymentConfig",
            "Properties": {"DeploymentConfigName": "lab", "ComputePlatform": "ECS", "TrafficRoutingConfig": canary},
        },
        "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group},
        "Deployer": role("codedeploy.amazonaws.com", *(ROLE if statements is None else statements)),
        "Alarm": ALARM,
        "HookRole": role("lambda.amazonaws.com", allow("codedeploy:PutLifecycleEventHookExecutionStatus")),
        **{f"Hook{verdict.title()}": _hook(verdict) for verdict in ("Succeeded", "Failed", "raises")},
    }


def _hook(verdict: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"lab-{verdict.lower()}",
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["HookRole", "Arn"]},
            "Code": {"ZipFile": HOOK},
            "Environment": {"Variables": {"VERDICT": verdict}},
        },
    }


class Release:
    """The deployed service, and what a person does with it."""

    def __init__(self, aws: LocalAws, lab: Lab, resources: Resources) -> None:
        self.aws, self.lab = aws, lab
        outputs = {**OUTPUTS, "Others": {"Ref": "Others"}, "TestListener": {"Ref": "TestListener"}}
        self.outputs = lab.deploy(resources, outputs)
        self.client = aws.client("codedeploy")
        self.ecs = aws.client("ecs")

    def group_properties(self) -> dict[str, Any]:
        """Of the deployment group, as CloudFormation has resolved them."""
        resources = self.lab.resources(self.lab.stacks[0])
        group: dict[str, Any] = json.loads(json.dumps(deployed_by_codedeploy("")["Group"]["Properties"]))
        [pair] = group["LoadBalancerInfo"]["TargetGroupPairInfoList"]
        names = [self.outputs[each].split("/")[1] for each in ("Group", "Others")]
        pair["TargetGroups"] = [{"Name": each} for each in names]
        pair["ProdTrafficRoute"] = {"ListenerArns": [self.outputs["Listener"]]}
        pair["TestTrafficRoute"] = {"ListenerArns": [self.outputs["TestListener"]]}
        return {
            **group,
            "DeploymentConfigName": "lab",
            "ServiceRoleArn": f"arn:aws:iam::000000000000:role/{resources['Deployer']}",
            "ECSServices": [{"ClusterName": self.outputs["Cluster"], "ServiceName": self.outputs["Service"]}],
            "AlarmConfiguration": {"Enabled": False},
        }

    def revision(self, greeting: str, **changes: Any) -> str:
        """Another revision of the task definition that serves, whose page says something else."""
        [serving] = [each["taskDefinition"] for each in self.service()["taskSets"] if each["status"] == "PRIMARY"]
        found = self.ecs.describe_task_definition(taskDefinition=serving)["taskDefinition"]
        [definition] = found["containerDefinitions"]
        definition = {**definition, "environment": [{"name": "GREETING", "value": greeting}], **changes}
        kept = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "executionRoleArn")
        registered = self.ecs.register_task_definition(
            **{key: found[key] for key in kept}, containerDefinitions=[definition]
        )
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def deploy(self, definition: str, **hooks: str) -> str:
        """Begins a deployment of a revision; its id."""
        return str(
            self.client.create_deployment(
                applicationName="lab", deploymentGroupName="lab", revision=app_spec(definition, **hooks)
            )["deploymentId"]
        )

    def info(self, deployment: str) -> dict[str, Any]:
        """Of a deployment."""
        return dict(self.client.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def ended(self, deployment: str) -> dict[str, Any]:
        """Of a deployment, when it has ended, and its rollback too."""

        def done() -> dict[str, Any] | None:
            info = self.info(deployment)
            back = info.get("rollbackInfo", {}).get("rollbackDeploymentId")
            ended = all(
                each["status"] in ("Succeeded", "Failed", "Stopped")
                for each in (info, *([self.info(back)] if back else []))
            )
            return info if ended else None

        found: dict[str, Any] = eventually(done, 120, f"{deployment} ends")
        return found

    def service(self) -> dict[str, Any]:
        """As DescribeServices returns it."""
        answer = self.ecs.describe_services(cluster=self.outputs["Cluster"], services=[self.outputs["Service"]])
        return dict(answer["services"][0])

    @contextmanager
    def ringing(self) -> Iterator[None]:
        """The alarm of the deployment group is in ALARM while the context lasts."""
        self._set_alarm("breaching", "ALARM")
        try:
            yield
        finally:
            self._set_alarm("notBreaching", "OK")

    def _set_alarm(self, missing: str, wanted: str) -> None:
        """It has no data: how it treats that is its state."""
        properties = {**ALARM["Properties"], "TreatMissingData": missing}
        self.aws.client("cloudwatch").put_metric_alarm(**properties)
        eventually(lambda: self._alarm() == wanted, 60, f"the alarm is in {wanted}")

    def _alarm(self) -> str:
        names = [ALARM["Properties"]["AlarmName"]]
        found = self.aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        return str(found[0]["StateValue"])

    def weights(self, listener: str = "Listener") -> dict[str, int]:
        """By the name of the target group's output, without those of no weight."""
        names = {self.outputs["Group"]: "Targets", self.outputs["Others"]: "Others"}
        [found] = self.aws.client("elbv2").describe_listeners(ListenerArns=[self.outputs[listener]])["Listeners"]
        groups = found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        return {names[each["TargetGroupArn"]]: each["Weight"] for each in groups if each["Weight"]}


def app_spec(definition: str, **hooks: str) -> dict[str, Any]:
    """A revision in the API's words."""
    spec = {
        "version": 0.0,
        "Resources": [
            {
                "TargetService": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {
                        "TaskDefinition": definition,
                        "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8080},
                    },
                }
            }
        ],
        "Hooks": [{name: function} for name, function in hooks.items()],
    }
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}
