"""The service: tasks on Fargate that are replaced when they die, and rolled back when a release fails (R2)."""

from __future__ import annotations

from dataclasses import dataclass

from awacs import ecr, kms, logs, secretsmanager
from awacs.aws import Allow, Condition, PolicyDocument, Statement, StringEquals
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.ecs import (
    AwsvpcConfiguration,
    Cluster,
    ClusterSetting,
    ContainerDefinition,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    Environment,
    LinuxParameters,
    LoadBalancer,
    LogConfiguration,
    MetricConfiguration,
    MonitoringConfiguration,
    NetworkConfiguration,
    PortMapping,
    RuntimePlatform,
    Secret,
    Service,
    TaskDefinition,
    ThresholdConfiguration,
)
from troposphere.iam import Policy, Role
from troposphere.kms import Key
from troposphere.logs import LogGroup

from phoenix_cfn.iam.trust import trusts
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.load_balancer import DEREGISTRATION_DELAY, Entrance
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.security_groups import SecurityGroups
from phoenix_cfn.logs import log_group
from phoenix_cfn.naming import Names
from phoenix_cfn.parameters import StageParameters
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# Seconds. 20 is the finest that ECS measures a service; alarms and scaling on CPU use it.
METRIC_RESOLUTION = 20
# Tasks that may fail to start before a release is given up and rolled back: the lowest that ECS allows.
FAILED_TASKS = 3


@dataclass(frozen=True)
class RunningService:
    """The ECS service, its cluster, and where its tasks log to."""

    cluster: Cluster
    service: Service
    log_group: LogGroup

    def dimensions(self) -> list[MetricDimension]:
        """Of the metrics in AWS/ECS that tell about this service."""
        return [
            MetricDimension(Name="ClusterName", Value=Ref(self.cluster)),
            MetricDimension(Name="ServiceName", Value=GetAtt(self.service, "Name")),
        ]


def service(
    template: StageTemplate,
    settings: Settings,
    parameters: StageParameters,
    image: Parameter,
    key: Key,
    network: Network,
    groups: SecurityGroups,
    entrance: Entrance,
    database: Database,
    boundary: Parameter,
    rollback_alarms: list[Alarm],
) -> RunningService:
    """Private tasks behind the load balancer, spread over both zones; how many is up to scaling alone."""
    names = Names.of(settings.name)
    insights = log_group(
        template,
        "ContainerInsightsLogGroup",
        f"/aws/ecs/containerinsights/{names.cluster}/performance",
        key,
        settings,
    )
    cluster = template.add_resource(
        Cluster(
            "Cluster",
            # ECS would make the log group of Container Insights itself, with a retention of its own.
            DependsOn=insights,
            ClusterName=Sub(names.cluster),
            ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")],
        )
    )
    task_logs = log_group(template, "TaskLogGroup", names.task_logs, key, settings)
    task = _task_definition(template, settings, parameters, image, key, database, boundary, task_logs)
    running = template.add_resource(
        Service(
            "Service",
            # The target group must hang on a listener, and the first image be in reach, before a task can get healthy.
            DependsOn=[entrance.listener, *network.egress_routes, *database.instances],
            Cluster=Ref(cluster),
            TaskDefinition=Ref(task),
            LaunchType="FARGATE",
            PlatformVersion="LATEST",
            # No DesiredCount: it belongs to scaling, and a release must not undo what scaling did.
            NetworkConfiguration=NetworkConfiguration(
                AwsvpcConfiguration=AwsvpcConfiguration(
                    AssignPublicIp="DISABLED",
                    Subnets=[Ref(subnet) for subnet in network.private],
                    SecurityGroups=[GetAtt(groups.tasks, "GroupId")],
                )
            ),
            LoadBalancers=[
                LoadBalancer(
                    ContainerName=settings.name,
                    ContainerPort=Ref(parameters.container_port),
                    TargetGroupArn=Ref(entrance.target_group),
                )
            ],
            HealthCheckGracePeriodSeconds=60,
            AvailabilityZoneRebalancing="ENABLED",
            DeploymentConfiguration=DeploymentConfiguration(
                MinimumHealthyPercent=100,
                MaximumPercent=200,
                # Without it a release that never gets healthy hangs for hours.
                DeploymentCircuitBreaker=DeploymentCircuitBreaker(
                    Enable=True,
                    Rollback=True,
                    ThresholdConfiguration=ThresholdConfiguration(Type="COUNT", Value=FAILED_TASKS),
                ),
                Alarms=DeploymentAlarms(
                    Enable=True, Rollback=True, AlarmNames=[Ref(alarm) for alarm in rollback_alarms]
                ),
            ),
            Monitoring=MonitoringConfiguration(
                MetricConfigurations=[
                    MetricConfiguration(
                        MetricNames=["CPUUtilization", "MemoryUtilization"], ResolutionSeconds=METRIC_RESOLUTION
                    )
                ]
            ),
            EnableECSManagedTags=True,
            PropagateTags="SERVICE",
        )
    )
    return RunningService(cluster, running, task_logs)


def _task_definition(
    template: StageTemplate,
    settings: Settings,
    parameters: StageParameters,
    image: Parameter,
    key: Key,
    database: Database,
    boundary: Parameter,
    task_logs: LogGroup,
) -> TaskDefinition:
    names = Names.of(settings.name)
    # The application calls nothing of AWS: its own role may do nothing. What ECS needs is the execution role's.
    task_role = _role(template, settings, "TaskRole", boundary, [])
    execution_role = _execution_role(template, settings, key, database, boundary, task_logs)
    return template.add_resource(
        TaskDefinition(
            "TaskDefinition",
            Family=Sub(names.task_family),
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            RuntimePlatform=RuntimePlatform(CpuArchitecture=settings.cpu_architecture, OperatingSystemFamily="LINUX"),
            Cpu=str(settings.cpu),
            Memory=str(settings.memory),
            ExecutionRoleArn=GetAtt(execution_role, "Arn"),
            TaskRoleArn=GetAtt(task_role, "Arn"),
            ContainerDefinitions=[
                ContainerDefinition(
                    Name=settings.name,
                    Image=Ref(image),
                    Essential=True,
                    # `node` in the official images; by number, so that it needs no /etc/passwd.
                    User="1000:1000",
                    ReadonlyRootFilesystem=True,
                    # Reaps what the application leaves behind and hands it SIGTERM.
                    LinuxParameters=LinuxParameters(InitProcessEnabled=True),
                    StopTimeout=DEREGISTRATION_DELAY,
                    PortMappings=[PortMapping(ContainerPort=Ref(parameters.container_port), Protocol="tcp")],
                    Environment=[
                        Environment(Name="NODE_ENV", Value="production"),
                        Environment(Name="PORT", Value=Ref(parameters.container_port)),
                        Environment(Name="WEB_CONCURRENCY", Value=str(settings.workers)),
                    ],
                    Secrets=[Secret(Name="DB_CONNECTION_STRING", ValueFrom=Ref(database.connection_secret))],
                    LogConfiguration=LogConfiguration(
                        LogDriver="awslogs",
                        Options={
                            "awslogs-group": Ref(task_logs),
                            "awslogs-region": Ref("AWS::Region"),
                            "awslogs-stream-prefix": "task",
                            # A log that stalls must not stall the requests; the buffer holds some minutes of them.
                            "mode": "non-blocking",
                            "max-buffer-size": "25m",
                        },
                    ),
                )
            ],
        )
    )


def _execution_role(
    template: StageTemplate, settings: Settings, key: Key, database: Database, boundary: Parameter, task_logs: LogGroup
) -> Role:
    """What ECS may do to start a task: pull this image, open this log, read this secret.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    repository = Names.of(settings.name).repository
    return _role(
        template,
        settings,
        "TaskExecutionRole",
        boundary,
        [
            Statement(
                Sid="LogInToTheRegistry",
                Effect=Allow,
                Action=[ecr.GetAuthorizationToken],
                # This action has no resource level.
                Resource=["*"],
            ),
            Statement(
                Sid="PullTheImage",
                Effect=Allow,
                Action=[ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
                Resource=[
                    Sub(f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{repository}")
                ],
            ),
            Statement(
                Sid="WriteTheLog",
                Effect=Allow,
                Action=[logs.CreateLogStream, logs.PutLogEvents],
                Resource=[GetAtt(task_logs, "Arn")],
            ),
            Statement(
                Sid="ReadTheConnectionString",
                Effect=Allow,
                Action=[secretsmanager.GetSecretValue],
                Resource=[Ref(database.connection_secret)],
            ),
            Statement(
                Sid="DecryptTheConnectionString",
                Effect=Allow,
                Action=[kms.Decrypt],
                Resource=[GetAtt(key, "Arn")],
                Condition=Condition(StringEquals("kms:ViaService", Sub("secretsmanager.${AWS::Region}.amazonaws.com"))),
            ),
        ],
    )


def _role(
    template: StageTemplate, settings: Settings, title: str, boundary: Parameter, statements: list[Statement]
) -> Role:
    """A role for tasks, where the pipeline's deploy role may make one: under the stage's path, within the boundary."""
    role = Role(
        title,
        AssumeRolePolicyDocument=trusts("ecs-tasks"),
        Path=Sub(Names.of(settings.name).role_path),
        PermissionsBoundary=Ref(boundary),
    )
    if statements:
        document = PolicyDocument(Version="2012-10-17", Statement=statements)
        role.Policies = [Policy(PolicyName="start-tasks", PolicyDocument=document)]
    return template.add_resource(role)
