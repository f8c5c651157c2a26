"""Deployments by CodeDeploy, which the last action of the pipeline starts: it starts new tasks and shifts the requests
of the listener to them."""

from __future__ import annotations

from functools import partial
from typing import Any

from awacs import awslambda, cloudwatch, ecs
from awacs import codedeploy as codedeploy_actions
from awacs import elasticloadbalancing as elb
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Output, Parameter, Ref, Sub
from troposphere import codedeploy as resources
from troposphere.awslambda import Function
from troposphere.cloudwatch import Alarm
from troposphere.ec2 import SecurityGroupIngress
from troposphere.ecs import DeploymentController
from troposphere.elasticloadbalancingv2 import Action, Listener
from troposphere.iam import Role

from phoenix_cfn.infrastructure.deployments import REVISION, SMOKE_TEST, Deployment, ecs_load_balancer
from phoenix_cfn.infrastructure.deployments.smoke_test import TEST_PORT, smoke_test
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.roles import bounded_role, pass_task_roles
from phoenix_cfn.infrastructure.service import Service
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

_ACCOUNT = "${AWS::Region}:${AWS::AccountId}"


def codedeploy(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """`alarms`: a deployment stops and rolls back if one of them fires."""
    return Deployment(
        load_balancers=[ecs_load_balancer(scope, load_balancing)],
        properties={"DeploymentController": DeploymentController(Type="CODE_DEPLOY")},
        waits_for=[load_balancing.listener],
        complete=partial(_application, load_balancing=load_balancing, alarms=alarms, boundary=boundary),
        frozen=True,
    )


@part
def _application(
    scope: Scope, service: Service, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter
) -> None:
    """The application with its deployment group, and the outputs for the pipeline."""
    scope.template.add_output(
        Output(
            REVISION,
            Description="Task definition revision that CodeDeploy deploys next",
            Value=Ref(service.task.definition),
        )
    )
    test: list[Listener] = []
    functions: list[Function] = []
    if scope.settings.deployment.smoke_test_path:
        test, functions = [_test_listener(scope, load_balancing)], [_smoke_test(scope, load_balancing, boundary)]
    role = _role(scope, boundary, [load_balancing.listener, *test], functions)
    application = scope.add(
        resources.Application(
            "CodeDeployApplication", ApplicationName=Sub(scope.names.codedeploy), ComputePlatform="ECS"
        )
    )
    group = _deployment_group(scope, service, application, role)
    group.LoadBalancerInfo = _load_balancer_info(load_balancing, test)
    group.AlarmConfiguration = resources.AlarmConfiguration(
        Enabled=True, Alarms=[resources.Alarm(Name=Ref(alarm)) for alarm in alarms]
    )


def _deployment_group(
    scope: Scope, service: Service, application: resources.Application, role: Role
) -> resources.DeploymentGroup:
    """The deployment group: a share of the requests shifts first, then all; a failed deployment rolls back."""
    return scope.add(
        resources.DeploymentGroup(
            "DeploymentGroup",
            ApplicationName=Ref(application),
            DeploymentGroupName=Sub(scope.names.codedeploy),
            ServiceRoleArn=GetAtt(role, "Arn"),
            DeploymentConfigName=Ref(_step(scope)),
            DeploymentStyle=resources.DeploymentStyle(
                DeploymentType="BLUE_GREEN", DeploymentOption="WITH_TRAFFIC_CONTROL"
            ),
            BlueGreenDeploymentConfiguration=resources.BlueGreenDeploymentConfiguration(
                DeploymentReadyOption=resources.DeploymentReadyOption(
                    ActionOnTimeout="CONTINUE_DEPLOYMENT", WaitTimeInMinutes=0
                ),
                TerminateBlueInstancesOnDeploymentSuccess=resources.BlueInstanceTerminationOption(
                    Action="TERMINATE", TerminationWaitTimeInMinutes=scope.settings.deployment.bake_minutes
                ),
            ),
            ECSServices=[
                resources.ECSService(ClusterName=Ref(service.cluster), ServiceName=GetAtt(service.service, "Name"))
            ],
            AutoRollbackConfiguration=resources.AutoRollbackConfiguration(
                Enabled=True,
                Events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
            ),
        )
    )


def _step(scope: Scope) -> resources.DeploymentConfig:
    """The deployment configuration. Its name contains its numbers: a change of them creates another one."""
    percent, minutes = scope.settings.deployment.step_percent, scope.settings.deployment.step_minutes
    return scope.add(
        resources.DeploymentConfig(
            "DeploymentStep",
            DeploymentConfigName=Sub(f"{scope.names.codedeploy}-{percent}-percent-{minutes}-minutes"),
            ComputePlatform="ECS",
            TrafficRoutingConfig=resources.TrafficRoutingConfig(
                Type="TimeBasedCanary",
                TimeBasedCanary=resources.TimeBasedCanary(CanaryPercentage=percent, CanaryInterval=minutes),
            ),
        )
    )


def _load_balancer_info(load_balancing: LoadBalancing, test: list[Listener]) -> resources.LoadBalancerInfo:
    routes: dict[str, Any] = {
        "ProdTrafficRoute": resources.TrafficRoute(ListenerArns=[Ref(load_balancing.listener)]),
    }
    if test:
        routes["TestTrafficRoute"] = resources.TrafficRoute(ListenerArns=[Ref(each) for each in test])
    return resources.LoadBalancerInfo(
        TargetGroupPairInfoList=[
            resources.TargetGroupPairInfo(
                TargetGroups=[
                    resources.TargetGroupInfo(Name=GetAtt(group, "TargetGroupName"))
                    for group in load_balancing.target_groups
                ],
                **routes,
            )
        ]
    )


def _test_listener(scope: Scope, load_balancing: LoadBalancing) -> Listener:
    """Forwards test requests to the new version. CodeDeploy changes it, so its properties depend on no setting."""
    scope.add(
        SecurityGroupIngress(
            "TestIngress",
            GroupId=load_balancing.load_balancer.SecurityGroups[0],
            Description="HTTP of the smoke test, from Lambda, which has no fixed addresses",
            IpProtocol="tcp",
            FromPort=TEST_PORT,
            ToPort=TEST_PORT,
            CidrIp="0.0.0.0/0",
        )
    )
    return scope.add(
        Listener(
            "TestListener",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_2": "As the Listener: HTTPS needs a certificate, and that a domain.",
                    "CKV_AWS_103": "No TLS without a certificate; see CKV_AWS_2.",
                }
            ),
            DependsOn=load_balancing.alternate,
            LoadBalancerArn=Ref(load_balancing.load_balancer),
            Protocol="HTTP",
            Port=TEST_PORT,
            DefaultActions=[Action(Type="forward", TargetGroupArn=Ref(load_balancing.target_group))],
        )
    )


def _smoke_test(scope: Scope, load_balancing: LoadBalancing, boundary: Parameter) -> Function:
    """The function that CodeDeploy invokes when test requests reach the new version."""
    name = scope.names.codedeploy
    answer = Statement(
        Sid="AnswerCodeDeploy",
        Effect=Allow,
        Action=[codedeploy_actions.PutLifecycleEventHookExecutionStatus],
        Resource=[Sub(f"arn:${{AWS::Partition}}:codedeploy:{_ACCOUNT}:deploymentgroup:{name}/{name}")],
    )
    function = smoke_test(scope, load_balancing, boundary, "codedeploy", answer)
    scope.template.add_output(
        Output(SMOKE_TEST, Description="Function that tests a new version before users reach it", Value=Ref(function))
    )
    return function


def _role(scope: Scope, boundary: Parameter, listeners: list[Listener], functions: list[Function]) -> Role:
    """The role of CodeDeploy: the part of AWSCodeDeployRoleForECS that this stage needs.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html
    """
    place, cluster = f"arn:${{AWS::Partition}}:ecs:{_ACCOUNT}", scope.names.cluster
    invoke = Statement(
        Sid="InvokeTheSmokeTest",
        Effect=Allow,
        Action=[awslambda.InvokeFunction],
        Resource=[GetAtt(function, "Arn") for function in functions],
    )
    return bounded_role(
        scope,
        "CodeDeployRole",
        "codedeploy",
        boundary,
        Statement(
            Sid="ReplaceTheTasks",
            Effect=Allow,
            Action=[ecs.CreateTaskSet, ecs.DeleteTaskSet, ecs.DescribeServices, ecs.UpdateServicePrimaryTaskSet],
            Resource=[Sub(f"{place}:{kind}/{cluster}/*") for kind in ("service", "task-set")],
        ),
        Statement(
            Sid="ReadAlarmsAndTheLoadBalancer",
            Effect=Allow,
            Action=[cloudwatch.DescribeAlarms, elb.DescribeListeners, elb.DescribeRules, elb.DescribeTargetGroups],
            Resource=["*"],
        ),
        Statement(
            Sid="ShiftRequests",
            Effect=Allow,
            Action=[elb.ModifyListener],
            Resource=[Ref(listener) for listener in listeners],
        ),
        pass_task_roles(scope),
        *([invoke] if functions else []),
    )
