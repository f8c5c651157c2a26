"""The fault corpus: single faults put into the real templates, and near misses, which are none.

Faults and near misses in templates of other styles are in `other_styles.py`.
"""

from __future__ import annotations

from typing import Any

from tests.rules.house import (
    BUILDSPEC,
    DOCKERFILE,
    PIPELINE,
    Case,
    Change,
    Template,
    add,
    att,
    deploying,
    drop,
    fault,
    file,
    forbid,
    limit,
    near_miss,
    permit,
    put,
    ref,
    remove,
    sub,
    swap,
)

ANYWHERE: Template = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
CONTAINER = "TaskDefinition/ContainerDefinitions/0"
CONNECTION = "DatabaseConnection/SecretString"
REQUESTS = "RequestScalingPolicy/TargetTrackingScalingPolicyConfiguration"
PREDEFINED: Template = {
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": sub("${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}"),
    },
    "TargetValue": 600,
}
DEPLOY = "Pipeline/Stages/2/Actions/0"
STORAGE = (
    put("TaskDefinition/Volumes", [{"Name": "data"}]),
    put(f"{CONTAINER}/MountPoints", [{"SourceVolume": "data", "ContainerPath": "/data"}]),
)
CONDITIONAL = "if grep -q 'AS test$' app/Dockerfile; then docker build --target test app; fi"
OVERRIDES = f"{DEPLOY}/Configuration/ParameterOverrides"
OPEN_DATABASE: Template = {"IpProtocol": "tcp", "FromPort": ref("MongoDBPort"), "ToPort": ref("MongoDBPort")}
STEP: Template = {
    "PolicyName": "step",
    "PolicyType": "StepScaling",
    "ScalingTargetId": ref("ScalableTarget"),
    "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity"},
}
REQUEST_ALARM: Template = {
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "RequestCount",
    "Dimensions": [{"Name": "LoadBalancer", "Value": att("LoadBalancer", "LoadBalancerFullName")}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 600,
    "AlarmActions": [ref("Steps")],
}
ERRORS = "ServerErrorAlarm/Metrics/0/Expression"
COUNTED = f"{REQUESTS}/CustomizedMetricSpecification/Metrics"
RATE = f"{COUNTED}/2/Expression"
FILLED = "FILL(tasks, 0) + FILL(nobody, 0) - FILL(requests, 0) / 20"


def counted(identifier: str, metric: str = "RequestCountPerTarget", **more: Any) -> Template:
    """A query for a metric of the target group."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": att("LoadBalancer", "LoadBalancerFullName")},
        {"Name": "TargetGroup", "Value": att("TargetGroup", "TargetGroupFullName")},
    ]
    used = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": identifier, "ReturnData": False, "MetricStat": {"Stat": "Sum", "Metric": used, **more}}


def computed(expression: str, identifier: str = "result") -> Template:
    return {"Id": identifier, "Expression": expression, "ReturnData": True}


def patient(needed: int, periods: int) -> tuple[Change, Change]:
    """So many datapoints out of so many set off the alarm on errors."""
    return put("ServerErrorAlarm/DatapointsToAlarm", needed), put("ServerErrorAlarm/EvaluationPeriods", periods)


FILLED_ALARM: Template = {
    **{key: REQUEST_ALARM[key] for key in ("EvaluationPeriods", "ComparisonOperator", "AlarmActions")},
    "Metrics": [counted("m1", Period=60), computed("FILL(m1, 0) / 60")],
    "Threshold": 10,
}
BY_STEPS = (remove("RequestScalingPolicy"), add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP))


def engine(version: str) -> list[Change]:
    """Another engine version, with its family of parameters, on a class that every version has."""
    family = "docdb" + ".".join(version.split(".")[:2])
    return [
        put("DatabaseCluster/EngineVersion", version),
        *(put(f"DatabaseInstance{number}/DBInstanceClass", "db.r5.large") for number in (1, 2)),
        *([] if family == "docdb5.0" else [put("DatabaseParameterGroup/Family", family)]),
    ]


ROLLING = """\
version: 0.2
phases:
  build:
    commands:
      - printf '[{"name":"web","imageUri":"%s"}]' x > imagedefinitions.json
"""

PROXY = (
    put(
        "TaskDefinition/ContainerDefinitions/1",
        {
            "Name": "proxy",
            "Image": "nginx",
            "PortMappings": [{"ContainerPort": 80}],
            "LogConfiguration": {
                "LogDriver": "awslogs",
                "Options": {
                    "awslogs-group": ref("TaskLogGroup"),
                    "awslogs-region": ref("AWS::Region"),
                    "awslogs-stream-prefix": "proxy",
                },
            },
        },
    ),
    put("Service/LoadBalancers/0/ContainerName", "proxy"),
    *(
        put(place, 80)
        for place in (
            "Service/LoadBalancers/0/ContainerPort",
            "TargetGroup/Port",
            "TaskSecurityGroup/SecurityGroupIngress/0/FromPort",
            "TaskSecurityGroup/SecurityGroupIngress/0/ToPort",
            "LoadBalancerEgress/FromPort",
            "LoadBalancerEgress/ToPort",
        )
    ),
)
UNSCALED = remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy")
BY_RULE = (
    permit("DeployRole", "elasticloadbalancing:CreateRule"),
    put("Listener/DefaultActions", [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]),
    add(
        "Everything",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ListenerArn=ref("Listener"),
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": ref("TargetGroup")}],
    ),
)
STAGES = (
    put("/Parameters/Size", {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]}),
    put("/Mappings", {"Names": {"small": {"Name": "phoenix-small"}, "large": {"Name": "phoenix-large"}}}),
)
BY_STAGE: Template = {"Fn::FindInMap": ["Names", ref("Size"), "Name"]}
BOUNDARY = (
    add(
        "Boundary",
        "AWS::IAM::ManagedPolicy",
        PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
    permit("DeployRole", "iam:CreatePolicy"),
    put("TaskRole/PermissionsBoundary", ref("Boundary")),
)
API_TOKEN = put("/Parameters/ApiToken", {"Type": "String", "Default": "prod/phoenix/api"})

ISOLATED = (
    put("Service/NetworkConfiguration/AwsvpcConfiguration/Subnets", [ref("IsolatedSubnetA"), ref("IsolatedSubnetB")]),
)


def endpoint(name: str) -> Change:
    """The endpoint of a service: a gateway for S3, or else an interface."""
    interface: Template = {
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "SecurityGroupIds": [att("EndpointSecurityGroup", "GroupId")],
    }
    service = sub(f"com.amazonaws.${{AWS::Region}}.{name}")
    logical_id = f"{name.title().replace('.', '')}Endpoint"
    more = {} if name == "s3" else interface
    return add(logical_id, "AWS::EC2::VPCEndpoint", VpcId=ref("Vpc"), ServiceName=service, **more)


ENDPOINTS = tuple(map(endpoint, ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")))
ENDPOINT_GROUP = add(
    "EndpointSecurityGroup",
    "AWS::EC2::SecurityGroup",
    VpcId=ref("Vpc"),
    GroupDescription="Endpoints",
    SecurityGroupIngress=[
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "SourceSecurityGroupId": att("TaskSecurityGroup", "GroupId"),
        }
    ],
)

CANARY, TESTED = deploying("canary"), deploying("canary", "/health")
CODEDEPLOY, TESTED_BY_CODEDEPLOY = deploying("codedeploy"), deploying("codedeploy", "/health")
BALANCED = "Service/LoadBalancers/0"
ADVANCED = f"{BALANCED}/AdvancedConfiguration"
WEIGHTED = "ProductionRule/Actions/0/ForwardConfig/TargetGroups"
PAIR = "DeploymentGroup/LoadBalancerInfo/TargetGroupPairInfoList/0"
OTHER_GROUP = add(
    "OtherTargetGroup",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    Port=8080,
    Protocol="HTTP",
    TargetType="ip",
    VpcId=ref("Vpc"),
)

_GROUP: Template = {"TargetGroupArn": ref("TargetGroup"), "Weight": 100}

DEPLOYMENTS: list[Case] = [
    near_miss("E9310 E9311 E9312 E9316", "requests shift by canary", CANARY),
    near_miss("E9310 E9311 E9312 E9316", "requests shift by blue/green, after a test", deploying("blue-green", "/")),
    near_miss("E9310 E9311 E9312 E9316", "requests shift by linear steps", deploying("linear")),
    near_miss("E9301 E9307 E9312 W9313 E9314 E9315", "CodeDeploy deploys, not ECS", CODEDEPLOY),
    near_miss("E9307 E9312 W9313 E9314 E9315", "CodeDeploy deploys, after a test", TESTED_BY_CODEDEPLOY),
    fault("E9310", "a deployment shifts requests without an alternate target group", CANARY, drop(ADVANCED)),
    fault("E9310", "a deployment shifts requests of no rule", CANARY, drop(f"{ADVANCED}/ProductionListenerRule")),
    fault("E9310", "a deployment shifts requests without a role", CANARY, drop(f"{ADVANCED}/RoleArn")),
    fault(
        "E9310",
        "a deployment shifts the requests of a listener, not of a rule",
        CANARY,
        put(f"{ADVANCED}/ProductionListenerRule", ref("Listener")),
    ),
    fault(
        "E9310",
        "test requests and all requests have one rule",
        TESTED,
        put(f"{ADVANCED}/TestListenerRule", ref("ProductionRule")),
    ),
    fault(
        "E9310",
        "the alternate target group is the target group",
        CANARY,
        put(f"{ADVANCED}/AlternateTargetGroupArn", ref("TargetGroup")),
    ),
    near_miss(
        "E9310",
        "the advanced configuration is a parameter's",
        CANARY,
        put("/Parameters/RuleArn", {"Type": "String", "Default": "arn:aws:elasticloadbalancing:rule"}),
        put(f"{ADVANCED}/ProductionListenerRule", ref("RuleArn")),
    ),
    fault("E9311", "both target groups serve requests", CANARY, put(f"{WEIGHTED}/1/Weight", 50)),
    fault("E9311", "neither target group serves requests", CANARY, put(f"{WEIGHTED}/0/Weight", 0)),
    fault(
        "E9122 E9311",
        "the rule serves a third target group",
        CANARY,
        OTHER_GROUP,
        put(f"{WEIGHTED}/0/TargetGroupArn", ref("OtherTargetGroup")),
    ),
    fault("E9103 E9311", "the rule does not name the alternate target group", CANARY, put(WEIGHTED, [_GROUP])),
    near_miss(
        "E9311",
        "the test rule names the alternate target group",
        TESTED,
        put(WEIGHTED, [_GROUP]),
    ),
    near_miss(
        "E9311",
        "the alternate target group serves at first",
        CANARY,
        put(f"{WEIGHTED}/0/Weight", 0),
        put(f"{WEIGHTED}/1/Weight", 1),
    ),
    fault(
        "E9312",
        "scaling measures one of two target groups",
        CANARY,
        swap(REQUESTS, "AlternateTargetGroup", "TargetGroup"),
    ),
    fault(
        "E9312",
        "the alarms of a deployment measure one of two target groups",
        CODEDEPLOY,
        swap("ServerErrorAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
        swap("UnhealthyTargetsAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
    ),
    near_miss(
        "E9312",
        "each target group has an alarm of its own",
        CANARY,
        swap("ServerErrorAlarm/Metrics", "AlternateTargetGroup", "TargetGroup"),
    ),
    fault(
        "W9313",
        "a service that CodeDeploy deploys names a revision",
        CODEDEPLOY,
        put("Service/TaskDefinition", ref("TaskDefinition")),
    ),
    fault(
        "E9314",
        "a service that CodeDeploy deploys has a circuit breaker",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}),
    ),
    fault(
        "E9314",
        "a service that CodeDeploy deploys has a strategy of ECS",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"Strategy": "BLUE_GREEN"}),
    ),
    near_miss(
        "E9314",
        "a service that CodeDeploy deploys says how many tasks run meanwhile",
        CODEDEPLOY,
        put("Service/DeploymentConfiguration", {"MinimumHealthyPercent": 100, "MaximumPercent": 200}),
    ),
    fault(
        "E9312 E9315",
        "CodeDeploy shifts requests between other target groups",
        CODEDEPLOY,
        OTHER_GROUP,
        put(f"{PAIR}/TargetGroups/0/Name", att("OtherTargetGroup", "TargetGroupName")),
    ),
    fault("E9315", "CodeDeploy has one target group", CODEDEPLOY, drop(f"{PAIR}/TargetGroups/1")),
    fault(
        "E9315",
        "CodeDeploy tests by the production listener",
        TESTED_BY_CODEDEPLOY,
        put(f"{PAIR}/TestTrafficRoute/ListenerArns", [ref("Listener")]),
    ),
    fault(
        "E9316",
        "a canary takes two days",
        CANARY,
        put("Service/DeploymentConfiguration/BakeTimeInMinutes", 1440),
        put("Service/DeploymentConfiguration/CanaryConfiguration/CanaryBakeTimeInMinutes", 1440),
    ),
    fault(
        "E9316",
        "34 linear steps of an hour",
        deploying("linear"),
        put("Service/DeploymentConfiguration/LinearConfiguration", {"StepPercent": 3, "StepBakeTimeInMinutes": 60}),
    ),
    near_miss(
        "E9316",
        "a canary bakes for a day",
        CANARY,
        put("Service/DeploymentConfiguration/BakeTimeInMinutes", 1440),
    ),
    fault(
        "E9307",
        "CodeDeploy watches an alarm that is not there",
        CODEDEPLOY,
        put("DeploymentGroup/AlarmConfiguration/Alarms/0/Name", "errors"),
    ),
    fault(
        "E9307",
        "an alarm stops CodeDeploy, and the new version stays",
        CODEDEPLOY,
        put("DeploymentGroup/AutoRollbackConfiguration/Events", ["DEPLOYMENT_FAILURE"]),
    ),
    fault(
        "E9111",
        "the alternate target group's health check requests /crash",
        CANARY,
        put("AlternateTargetGroup/HealthCheckPath", "/crash"),
    ),
]

CASES: list[Case] = [
    # The path of a request
    fault(
        "E9101",
        "the load balancer's security group lets nobody in",
        put("LoadBalancerSecurityGroup/SecurityGroupIngress", []),
    ),
    fault(
        "E9101",
        "the load balancer admits another port than its listener's",
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0", {**ANYWHERE, "FromPort": 443, "ToPort": 443}),
    ),
    fault(
        "E9101",
        "the load balancer admits UDP only",
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0/IpProtocol", "udp"),
    ),
    near_miss(
        "E9101",
        "the ingress rule is a resource of its own",
        drop("LoadBalancerSecurityGroup/SecurityGroupIngress"),
        add(
            "FromAnywhere",
            "AWS::EC2::SecurityGroupIngress",
            GroupId=att("LoadBalancerSecurityGroup", "GroupId"),
            **ANYWHERE,
        ),
    ),
    near_miss(
        "E9101",
        "the load balancer admits a range of ports",
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0", {**ANYWHERE, "FromPort": 1, "ToPort": 443}),
    ),
    near_miss(
        "E9101",
        "the load balancer admits all protocols",
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0", {"IpProtocol": -1, "CidrIp": "0.0.0.0/0"}),
    ),
    near_miss(
        "E9101",
        "a second listener checks the health of instances, for the network alone",
        add("Agents", "AWS::ElasticLoadBalancingV2::TargetGroup", Port=8080, Protocol="HTTP", VpcId=ref("Vpc")),
        add(
            "AgentsListener",
            "AWS::ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("LoadBalancer"),
            Port=8080,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Agents")}],
        ),
        add(
            "AgentInstances",
            "AWS::AutoScaling::AutoScalingGroup",
            MinSize="1",
            MaxSize="1",
            HealthCheckType="ELB",
            LaunchTemplate={"LaunchTemplateName": "agents", "Version": "1"},
            TargetGroupARNs=[ref("Agents")],
            VPCZoneIdentifier=[ref("PrivateSubnetA")],
        ),
    ),
    fault(
        "E9101",
        "the service's second listener is shut",
        add(
            "OtherListener",
            "AWS::ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("LoadBalancer"),
            Port=8080,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("TargetGroup")}],
        ),
    ),
    near_miss(
        "E9101",
        "who is admitted is a parameter",
        put("/Parameters/From", {"Type": "String", "Default": ""}),
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0/CidrIp", ref("From")),
    ),
    fault("E9102", "the load balancer is internal", put("LoadBalancer/Scheme", "internal")),
    near_miss(
        "E9102",
        "an internal load balancer behind CloudFront",
        put("LoadBalancer/Scheme", "internal"),
        add("Distribution", "AWS::CloudFront::Distribution", DistributionConfig={"Enabled": True}),
    ),
    fault(
        "E9103",
        "the listener answers by itself",
        put("Listener/DefaultActions", [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]),
    ),
    near_miss(
        "E9103",
        "the listener forwards by weights",
        put(
            "Listener/DefaultActions",
            [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": ref("TargetGroup")}]}}],
        ),
    ),
    near_miss(
        "E9103",
        "a listener's rule forwards",
        *BY_RULE,
        put("Service:/DependsOn", ["Everything"]),
    ),
    fault("E9104", "the target group is for instances", put("TargetGroup/TargetType", "instance")),
    fault("E9104", "the target group says nothing of its targets", drop("TargetGroup/TargetType")),
    fault(
        "E9105",
        "the service names another container",
        put("Service/LoadBalancers/0/ContainerName", "web"),
    ),
    fault("E9105", "the task definition's container is renamed", put(f"{CONTAINER}/Name", "app")),
    near_miss(
        "E9105",
        "a sidecar stands beside the container",
        put("TaskDefinition/ContainerDefinitions/1", {"Name": "agent", "Image": "agent", "Essential": False}),
    ),
    fault(
        "E9106 E9107 E9108 E9120 W9109",
        "the service registers another port",
        put("Service/LoadBalancers/0/ContainerPort", 3000),
    ),
    fault("E9106", "the container maps another port", put(f"{CONTAINER}/PortMappings/0/ContainerPort", 80)),
    fault("E9106", "the container maps no port", put(f"{CONTAINER}/PortMappings", [])),
    fault(
        "E9106",
        "the port is spelled in one place and a parameter in another",
        put(f"{CONTAINER}/PortMappings/0/ContainerPort", 8080),
    ),
    near_miss(
        "E9106",
        "a parameter that may have one value only, and that value",
        put("/Parameters/ContainerPort/AllowedValues", [8080]),
        put(f"{CONTAINER}/PortMappings/0/ContainerPort", 8080),
    ),
    fault(
        "E9107",
        "the tasks admit another port",
        put("TaskSecurityGroup/SecurityGroupIngress/0/FromPort", 80),
        put("TaskSecurityGroup/SecurityGroupIngress/0/ToPort", 80),
    ),
    fault(
        "E9107",
        "the tasks admit the database's group, not the load balancer's",
        put("TaskSecurityGroup/SecurityGroupIngress/0/SourceSecurityGroupId", att("DatabaseSecurityGroup", "GroupId")),
    ),
    near_miss(
        "E9107",
        "the tasks admit the load balancer by Ref",
        put("TaskSecurityGroup/SecurityGroupIngress/0/SourceSecurityGroupId", ref("LoadBalancerSecurityGroup")),
    ),
    near_miss(
        "E9107",
        "the tasks admit everything from the load balancer",
        put(
            "TaskSecurityGroup/SecurityGroupIngress/0",
            {"IpProtocol": "-1", "SourceSecurityGroupId": ref("LoadBalancerSecurityGroup")},
        ),
    ),
    fault(
        "E9108",
        "the load balancer's egress leads to another port",
        put("LoadBalancerEgress/FromPort", 80),
        put("LoadBalancerEgress/ToPort", 80),
    ),
    near_miss(
        "E9108",
        "the load balancer's egress is not limited",
        remove("LoadBalancerEgress"),
        drop("LoadBalancerSecurityGroup/SecurityGroupEgress"),
    ),
    fault("W9109", "the target group has another port", put("TargetGroup/Port", 80)),
    fault("E9110", "the health check asks another port", put("TargetGroup/HealthCheckPort", "9000")),
    near_miss("E9110", "the health check asks the traffic port", put("TargetGroup/HealthCheckPort", "traffic-port")),
    fault("E9111", "the health check asks /generatecert", put("TargetGroup/HealthCheckPath", "/generatecert")),
    fault("E9111", "the health check asks /crash/", put("TargetGroup/HealthCheckPath", "/crash/?x=1")),
    fault(
        "E9111",
        "the container's own health check asks /crash",
        put(f"{CONTAINER}/HealthCheck", {"Command": ["CMD-SHELL", "curl -f http://localhost:8080/crash || exit 1"]}),
    ),
    near_miss("E9111", "the health check asks /", put("TargetGroup/HealthCheckPath", "/")),
    fault(
        "E9112",
        "the load balancer lies in private subnets",
        put("LoadBalancer/Subnets", [ref("PrivateSubnetA"), ref("PrivateSubnetB")]),
    ),
    fault(
        "E9112 E9115",
        "a public subnet is not associated with the public route table",
        remove("PublicSubnetARouteTableAssociation"),
    ),
    fault(
        "E9113",
        "the tasks lie in isolated subnets",
        put(
            "Service/NetworkConfiguration/AwsvpcConfiguration/Subnets", [ref("IsolatedSubnetA"), ref("IsolatedSubnetB")]
        ),
    ),
    fault("E9113", "a private subnet has no way out", remove("PrivateDefaultRouteA")),
    fault(
        "E9113",
        "the tasks lie in public subnets without public addresses",
        put("Service/NetworkConfiguration/AwsvpcConfiguration/Subnets", [ref("PublicSubnetA"), ref("PublicSubnetB")]),
    ),
    near_miss("E9113", "isolated tasks with endpoints for what they need", *ISOLATED, ENDPOINT_GROUP, *ENDPOINTS),
    fault(
        "E9113",
        "isolated tasks with endpoints, but none for their secrets",
        *ISOLATED,
        ENDPOINT_GROUP,
        *ENDPOINTS[:-1],
    ),
    fault(
        "E9113",
        "the tasks' security group lets no HTTPS out",
        put("TaskSecurityGroup/SecurityGroupEgress/0/FromPort", 8443),
        put("TaskSecurityGroup/SecurityGroupEgress/0/ToPort", 8443),
    ),
    near_miss(
        "E9113",
        "the private subnets lead out through a transit gateway",
        drop("PrivateDefaultRouteA/NatGatewayId"),
        put("PrivateDefaultRouteA/TransitGatewayId", "tgw-0123456789abcdef0"),
    ),
    fault(
        "E9114",
        "the tasks get public addresses",
        put("Service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", "ENABLED"),
    ),
    fault("E9115", "a NAT gateway lies in a private subnet", put("NatGatewayA/SubnetId", ref("PrivateSubnetA"))),
    fault(
        "E9116",
        "the internet gateway is not attached",
        remove("InternetGatewayAttachment"),
    ),
    fault("E9116", "the route does not wait for the attachment", drop("PublicDefaultRoute:/DependsOn")),
    fault(
        "E9117",
        "the service does not wait for its listener",
        put("Service:/DependsOn", ["DatabaseInstance1"]),
        put("DatabaseCluster:/DependsOn", ["DatabaseAuditLogGroup", "DatabaseProfilerLogGroup"]),
    ),
    near_miss(
        "E9117",
        "the service waits for its listener through another resource",
        add("Waits", "AWS::CloudFormation::WaitConditionHandle", whole={"DependsOn": "Listener"}),
        put("Service:/DependsOn", "Waits"),
    ),
    fault(
        "E9118",
        "a rule of the listener answers /crash by itself",
        permit("DeployRole", "elasticloadbalancing:CreateRule"),
        add(
            "Forbidden",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/crash*"]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}],
        ),
    ),
    near_miss(
        "E9118",
        "a rule of the listener answers another path by itself",
        permit("DeployRole", "elasticloadbalancing:CreateRule"),
        add(
            "Gone",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410"}}],
        ),
    ),
    fault(
        "E9119",
        "the target group belongs to another network",
        add("OtherVpc", "AWS::EC2::VPC", CidrBlock="10.1.0.0/16"),
        put("TargetGroup/VpcId", ref("OtherVpc")),
    ),
    fault("E9120", "PORT does not reach the container", put(f"{CONTAINER}/Environment/1/Name", "SERVER_PORT")),
    fault("E9120", "PORT is another port", put(f"{CONTAINER}/Environment/1/Value", "3000")),
    fault("E9120", "PORT is spelled, the port is a parameter", put(f"{CONTAINER}/Environment/1/Value", "8080")),
    near_miss("E9120", "PORT by Fn::Sub", put(f"{CONTAINER}/Environment/1/Value", sub("${ContainerPort}"))),
    # The database and its secrets
    fault(
        "E9201",
        "the database admits another port",
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/FromPort", 5432),
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/ToPort", 5432),
    ),
    fault("E9201", "the database admits nobody", put("DatabaseSecurityGroup/SecurityGroupIngress", [])),
    fault("E9201", "the tasks may not connect to the database", remove("TaskEgress")),
    fault(
        "E9201",
        "the database listens on another port than it admits",
        put("DatabaseCluster/Port", 27018),
    ),
    fault(
        "E9202",
        "the database admits the whole network",
        put("DatabaseSecurityGroup/SecurityGroupIngress/1", {**OPEN_DATABASE, "CidrIp": att("Vpc", "CidrBlock")}),
    ),
    fault(
        "E9202",
        "the database admits the internet",
        put("DatabaseSecurityGroup/SecurityGroupIngress/1", {**OPEN_DATABASE, "CidrIp": "0.0.0.0/0"}),
    ),
    fault(
        "E9202",
        "the database admits the load balancer",
        put(
            "DatabaseSecurityGroup/SecurityGroupIngress/1",
            {**OPEN_DATABASE, "SourceSecurityGroupId": att("LoadBalancerSecurityGroup", "GroupId")},
        ),
    ),
    near_miss(
        "E9202",
        "the database admits itself",
        put(
            "DatabaseSecurityGroup/SecurityGroupIngress/1",
            {**OPEN_DATABASE, "SourceSecurityGroupId": "sg-0123456789abcdef0"},
        ),
    ),
    fault(
        "E9203",
        "the database lies in a public subnet",
        put("DatabaseSubnetGroup/SubnetIds/0", ref("PublicSubnetA")),
    ),
    near_miss(
        "E9203", "the database lies in private subnets", put("DatabaseSubnetGroup/SubnetIds/0", ref("PrivateSubnetA"))
    ),
    fault("E9204", "the database is not encrypted", put("DatabaseCluster/StorageEncrypted", False)),
    fault("E9204", "the database says nothing of encryption", drop("DatabaseCluster/StorageEncrypted")),
    fault("E9205", "TLS is switched off", put("DatabaseParameterGroup/Parameters/tls", "disabled")),
    near_miss("E9205", "TLS is 1.3 or later", put("DatabaseParameterGroup/Parameters/tls", "tls1.3+")),
    fault("E9231", "the master user is admin", put("/Parameters/MongoDBMasterUsername/Default", "admin")),
    fault("E9231", "the master user is RdsAdmin", put("/Parameters/MongoDBMasterUsername/Default", "RdsAdmin")),
    fault("E9231", "the master user has a hyphen", put("/Parameters/MongoDBMasterUsername/Default", "db-owner")),
    near_miss(
        "E9231", "the master user is administrator", put("/Parameters/MongoDBMasterUsername/Default", "administrator")
    ),
    near_miss("E9231", "the master user is not known", drop("/Parameters/MongoDBMasterUsername/Default")),
    fault(
        "E9232", "an instance of a class before the version", put("DatabaseInstance1/DBInstanceClass", "db.r4.large")
    ),
    fault("E9232", "a serverless instance without a range", put("DatabaseInstance1/DBInstanceClass", "db.serverless")),
    fault(
        "E9232 E9233",
        "a version before the instance class",
        put("DatabaseCluster/EngineVersion", "3.6.0"),
    ),
    near_miss(
        "E9232",
        "a serverless instance with a range",
        put("DatabaseInstance1/DBInstanceClass", "db.serverless"),
        put("DatabaseCluster/ServerlessV2ScalingConfiguration", {"MinCapacity": 0.5, "MaxCapacity": 4}),
    ),
    near_miss("E9232", "an instance of the newest class", put("DatabaseInstance1/DBInstanceClass", "db.r8g.large")),
    fault("E9233", "parameters of another version's family", put("DatabaseParameterGroup/Family", "docdb4.0")),
    fault(
        "E9233",
        "AWS's own parameters of another version",
        put("DatabaseCluster/DBClusterParameterGroupName", "default.docdb4.0"),
    ),
    near_miss(
        "E9233",
        "version and family are both the next",
        put("DatabaseCluster/EngineVersion", "8.0.0"),
        put("DatabaseParameterGroup/Family", "docdb8.0"),
    ),
    fault(
        "E9234",
        "backups during maintenance",
        put("DatabaseCluster/PreferredBackupWindow", "23:30-00:30"),
        put("DatabaseCluster/PreferredMaintenanceWindow", "sun:00:15-sun:01:00"),
    ),
    fault("E9234", "backups within ten minutes", put("DatabaseCluster/PreferredBackupWindow", "03:00-03:10")),
    fault("E9234", "maintenance without a day", put("DatabaseCluster/PreferredMaintenanceWindow", "03:00-04:00")),
    near_miss(
        "E9234",
        "maintenance right after the backup",
        put("DatabaseCluster/PreferredBackupWindow", "23:30-00:30"),
        put("DatabaseCluster/PreferredMaintenanceWindow", "Sun:00:30-Sun:01:00"),
    ),
    fault("E9131", "a network of loopback addresses", put("Vpc/CidrBlock", "127.0.0.0/16")),
    fault("E9131", "a network that is too large", put("Vpc/CidrBlock", "10.0.0.0/8")),
    near_miss("E9131", "a network of shared addresses", put("Vpc/CidrBlock", "100.64.0.0/16")),
    fault("E9206", "the connection string lacks TLS", swap(CONNECTION, "tls=true&", "")),
    fault("E9206", "the connection string refuses TLS", swap(CONNECTION, "tls=true", "tls=false")),
    near_miss("E9206", "TLS by its older name", swap(CONNECTION, "tls=true", "ssl=true")),
    fault("E9207", "the connection string leaves retryable writes on", swap(CONNECTION, "&retryWrites=false", "")),
    near_miss(
        "E9207",
        "the options in another case and order",
        swap(CONNECTION, "retryWrites=false&", ""),
        swap(CONNECTION, "?", "?retrywrites=false&"),
    ),
    fault("W9208", "the connection string lacks authSource", swap(CONNECTION, "&authSource=admin", "")),
    near_miss(
        "W9208",
        "no database, so no authSource",
        swap(CONNECTION, "&authSource=admin", ""),
        swap(CONNECTION, "/phoenix", "/"),
    ),
    fault("E9209", "the connection string lacks the replica set", swap(CONNECTION, "replicaSet=rs0&", "")),
    fault("E9210", "the connection string has another port", swap(CONNECTION, "${DatabaseCluster.Port}", "27018")),
    near_miss(
        "E9210",
        "the connection string has the parameter's port",
        swap(CONNECTION, "${DatabaseCluster.Port}", "${MongoDBPort}"),
    ),
    fault("E9211", "the connection string has another user", swap(CONNECTION, "${MongoDBMasterUsername}", "root")),
    fault(
        "E9212",
        "the connection string leads to the reader",
        swap(CONNECTION, "DatabaseCluster.Endpoint", "DatabaseCluster.ReadEndpoint"),
    ),
    fault("E9213", "DB_CONNECTION_STRING has another name", put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL")),
    near_miss(
        "E9213",
        "names of variables come from a file",
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
        put(f"{CONTAINER}/EnvironmentFiles", [{"Type": "s3", "Value": "arn:aws:s3:::bucket/env"}]),
    ),
    fault(
        "E9214",
        "the execution role may not read the secret",
        forbid("TaskExecutionRole", "secretsmanager:GetSecretValue"),
    ),
    fault(
        "E9214",
        "the execution role may read another secret only",
        limit("TaskExecutionRole", "secretsmanager:GetSecretValue", ref("EncryptionKey")),
    ),
    fault("E9214", "the execution role may not decrypt the secret", forbid("TaskExecutionRole", "kms:Decrypt")),
    near_miss(
        "E9214",
        "the execution role has a managed policy that nobody knows here",
        forbid("TaskExecutionRole", "secretsmanager:GetSecretValue"),
        put("TaskExecutionRole/ManagedPolicyArns", ["arn:aws:iam::123456789012:policy/secrets"]),
    ),
    fault(
        "E9215",
        "the execution role may read all secrets",
        limit("TaskExecutionRole", "secretsmanager:GetSecretValue", "*"),
    ),
    fault(
        "E9215",
        "the tasks themselves may read the secret",
        put(
            "TaskRole/Policies",
            [
                {
                    "PolicyName": "read",
                    "PolicyDocument": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "secretsmanager:GetSecretValue",
                                "Resource": ref("DatabaseConnection"),
                            }
                        ]
                    },
                }
            ],
        ),
    ),
    fault(
        "E9216",
        "the connection string is a plain variable",
        drop(f"{CONTAINER}/Secrets"),
        put(
            f"{CONTAINER}/Environment/3",
            {
                "Name": "DB_CONNECTION_STRING",
                "Value": sub(
                    "mongodb://${MongoDBMasterUsername}:secret12@${DatabaseCluster.Endpoint}:${MongoDBPort}/?tls=true&replicaSet=rs0&retryWrites=false"
                ),
            },
        ),
    ),
    fault(
        "E9216",
        "a plain variable holds a parameter that is not echoed",
        put("/Parameters/Key", {"Type": "String", "NoEcho": True, "Default": ""}),
        put(f"{CONTAINER}/Environment/3", {"Name": "KEY", "Value": ref("Key")}),
    ),
    near_miss(
        "E9216",
        "a plain variable holds the ARN of a secret, which is not echoed either",
        put(f"{CONTAINER}/Environment/3", {"Name": "KEY", "Value": ref("MongoDBSecretArn")}),
    ),
    fault(
        "E9216",
        "a plain variable holds a dynamic reference to a secret",
        put(
            f"{CONTAINER}/Environment/3",
            {"Name": "KEY", "Value": sub("{{resolve:secretsmanager:${DatabaseConnection}}}")},
        ),
    ),
    fault("E9216", "a token in clear", put(f"{CONTAINER}/Environment/3", {"Name": "API_TOKEN", "Value": "abc"})),
    fault(
        "E9216",
        "the build gets the password as a plain variable",
        put("BuildProject/Environment/EnvironmentVariables/1", {"Name": "PASS", "Value": ref("MongoDBMasterPassword")}),
    ),
    near_miss(
        "E9216",
        "a variable holds the ARN of a secret",
        put(f"{CONTAINER}/Environment/3", {"Name": "SECRET_ARN", "Value": ref("DatabaseConnection")}),
    ),
    near_miss(
        "E9216",
        "a build variable of Secrets Manager",
        put(
            "BuildProject/Environment/EnvironmentVariables/1",
            {"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": "token"},
        ),
    ),
    fault(
        "E9217",
        "an output shows the connection string",
        put("/Outputs/Uri", {"Value": sub("mongodb://u:${MongoDBSecretArn}@${DatabaseCluster.Endpoint}:27017/")}),
    ),
    fault("E9217", "an output shows the password", put("P/Outputs/Password", {"Value": ref("MongoDBMasterPassword")})),
    near_miss(
        "E9217", "an output shows the secret's ARN", put("/Outputs/Secret", {"Value": ref("DatabaseConnection")})
    ),
    fault(
        "E9218",
        "the password travels in ParameterOverrides",
        put("/Parameters/MongoDBMasterPassword", {"Type": "String", "NoEcho": True}),
        swap(OVERRIDES, '"MongoDBPort"', '"MongoDBMasterPassword":"${MongoDBMasterPassword}","MongoDBPort"'),
    ),
    fault(
        "E9218",
        "a secret is resolved into ParameterOverrides",
        swap(
            OVERRIDES,
            "${DatabaseCredentials}",
            "{{resolve:secretsmanager:${DatabaseCredentials}:SecretString:password}}",
        ),
    ),
    fault("E9219", "the password has a default", put("P/Parameters/MongoDBMasterPassword/Default", "documentdb")),
    fault("E9220", "the token is echoed", drop("P/Parameters/GithubOAuthToken/NoEcho")),
    near_miss("E9220", "a secret's name is echoed", put("P/Parameters/SecretName", {"Type": "String"})),
    fault(
        "E9221",
        "the database's password is written in the template",
        put("DatabaseCluster/MasterUserPassword", "documentdb"),
    ),
    near_miss(
        "E9221",
        "AWS manages the password",
        drop("DatabaseCluster/MasterUserPassword"),
        put("DatabaseCluster/ManageMasterUserPassword", True),
    ),
    fault(
        "E9222",
        "the generated password may break the URI",
        add(
            "Generated",
            "AWS::SecretsManager::Secret",
            GenerateSecretString={"ExcludeCharacters": '"@/', "PasswordLength": 32},
        ),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "${Generated}:SecretString"),
    ),
    near_miss(
        "E9222",
        "the generated password leaves punctuation out",
        add("Generated", "AWS::SecretsManager::Secret", GenerateSecretString={"ExcludePunctuation": True}),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "${Generated}:SecretString"),
    ),
    fault("E9223", "the cluster has no instance", remove("DatabaseInstance1", "DatabaseInstance2")),
    fault(
        "E9224",
        "the container asks for a key that the secret has not",
        put(f"{CONTAINER}/Secrets/0/ValueFrom", sub("${DatabaseConnection}:uri::")),
    ),
    fault(
        "E9224",
        "the secret is a JSON document, and the container gets all of it",
        put(CONNECTION, sub('{"host":"${DatabaseCluster.Endpoint}"}')),
    ),
    near_miss(
        "E9224",
        "the container asks for a key that the secret has",
        put(CONNECTION, sub('{"uri":"x","host":"${DatabaseCluster.Endpoint}"}')),
        put(f"{CONTAINER}/Secrets/0/ValueFrom", sub("${DatabaseConnection}:uri::")),
    ),
    fault(
        "E9225",
        "the webhook's secret is the GitHub token",
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", ref("GithubOAuthToken")),
    ),
    fault(
        "E9225",
        "the webhook's secret is written in the template",
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", "phoenix"),
    ),
    fault(
        "E9226",
        "the GitHub token is written in the template",
        put("Pipeline/Stages/0/Actions/0/Configuration/OAuthToken", "ghp_0123456789"),
    ),
    # Recovery from crashes
    fault("E9301", "no circuit breaker", drop("Service/DeploymentConfiguration/DeploymentCircuitBreaker")),
    fault(
        "E9301",
        "the circuit breaker does not roll back",
        put("Service/DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", False),
    ),
    fault("E9302", "DesiredCount undoes scaling", put("Service/DesiredCount", ref("MinRunningTasks"))),
    fault("E9303", "a deployment may stop all tasks", put("Service/DeploymentConfiguration/MinimumHealthyPercent", 0)),
    fault("E9303", "a deployment has no room", put("Service/DeploymentConfiguration/MaximumPercent", 100)),
    fault(
        "E9304",
        "both subnets of the tasks lie in one zone",
        put("PrivateSubnetB/AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ),
    fault("E9304", "the database has one subnet", put("DatabaseSubnetGroup/SubnetIds", [ref("IsolatedSubnetA")])),
    near_miss(
        "E9304",
        "the zones are not told",
        drop("PrivateSubnetA/AvailabilityZone"),
        drop("PrivateSubnetB/AvailabilityZone"),
    ),
    fault("E9305", "the container is not essential", put(f"{CONTAINER}/Essential", False)),
    near_miss(
        "E9305",
        "the container restarts by itself",
        put(f"{CONTAINER}/Essential", False),
        put(f"{CONTAINER}/RestartPolicy", {"Enabled": True}),
    ),
    fault("E9306", "the health check is off", put("TargetGroup/HealthCheckEnabled", False)),
    fault("E9306", "the health check's timeout is its interval", put("TargetGroup/HealthCheckTimeoutSeconds", 10)),
    fault(
        "E9307",
        "a deployment watches an alarm that is not there",
        put("Service/DeploymentConfiguration/Alarms/AlarmNames/0", "errors"),
    ),
    fault(
        "E9307",
        "the alarms of a deployment roll nothing back",
        put("Service/DeploymentConfiguration/Alarms/Rollback", False),
    ),
    *DEPLOYMENTS,
    fault("W9308", "one task is enough", put("ScalableTarget/MinCapacity", 1)),
    # Seven days
    fault("E9401", "a log group keeps its logs for ever", drop("TaskLogGroup/RetentionInDays")),
    fault("E9401", "a log group keeps its logs for 14 days", put("DatabaseAuditLogGroup/RetentionInDays", 14)),
    fault(
        "E9401",
        "a parameter lets a log group keep its logs for 30 days",
        put("/Parameters/Days", {"Type": "Number", "Default": 30}),
        put("TaskLogGroup/RetentionInDays", ref("Days")),
    ),
    near_miss(
        "E9401",
        "a parameter keeps the logs for 7 days",
        put("/Parameters/Days", {"Type": "Number", "Default": 7}),
        put("TaskLogGroup/RetentionInDays", ref("Days")),
    ),
    fault("E9402", "the container's output is not kept", drop(f"{CONTAINER}/LogConfiguration")),
    fault(
        "E9402",
        "the container's log group is not declared",
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", sub("/ecs/${StagePrefix}")),
    ),
    near_miss(
        "E9402",
        "the container's log group is named, not referred to",
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", sub("/${StagePrefix}-phoenix/tasks")),
    ),
    fault(
        "E9403",
        "the build's log group is not declared",
        put("BuildProject/LogsConfig/CloudWatchLogs/GroupName", sub("/builds/${StagePrefix}")),
    ),
    fault(
        "E9403",
        "the build says nothing of its log, and its group is not declared",
        drop("BuildProject/LogsConfig"),
        swap("BuildLogGroup/LogGroupName", "codebuild", "builds"),
    ),
    near_miss("E9403", "the build says nothing of its log, and its group is declared", drop("BuildProject/LogsConfig")),
    fault("E9404", "the function's log group is not declared", drop("BucketEmptierFunction/LoggingConfig")),
    near_miss(
        "E9404",
        "the function's log group is declared by its name",
        drop("BucketEmptierFunction/LoggingConfig"),
        put("BucketEmptierLogGroup/LogGroupName", sub("/aws/lambda/${BucketEmptierFunction}")),
    ),
    fault(
        "E9405",
        "a database's log group is not declared",
        put("DatabaseAuditLogGroup/LogGroupName", sub("/docdb/${StagePrefix}/audit")),
    ),
    near_miss(
        "E9405",
        "the name of a database's log group is joined",
        put(
            "DatabaseAuditLogGroup/LogGroupName",
            {"Fn::Join": ["/", ["", "aws", "docdb", sub("${StagePrefix}-phoenix"), "audit"]]},
        ),
    ),
    fault(
        "E9406",
        "the audit log is exported, but not written",
        put("DatabaseParameterGroup/Parameters/audit_logs", "disabled"),
    ),
    fault(
        "E9406",
        "the profiler's log is written, but not exported",
        put("DatabaseCluster/EnableCloudwatchLogsExports", ["audit"]),
    ),
    fault("E9406", "logs are exported without a parameter group", drop("DatabaseCluster/DBClusterParameterGroupName")),
    fault("E9407", "the database's backups keep one day", drop("DatabaseCluster/BackupRetentionPeriod")),
    fault("E9407", "the database's backups keep five days", put("DatabaseCluster/BackupRetentionPeriod", 5)),
    fault("E9408", "the log group of Container Insights is not declared", remove("ContainerInsightsLogGroup")),
    near_miss("E9408", "no Container Insights", drop("Cluster/ClusterSettings"), remove("ContainerInsightsLogGroup")),
    fault(
        "E9409 E9809",
        "flow logs go to a log group that is not declared",
        add(
            "Flow",
            "AWS::EC2::FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=sub("/${StagePrefix}/flow"),
        ),
    ),
    fault(
        "E9410 E9809 E9952",
        "access logs are kept for ever",
        add("LogBucket", "AWS::S3::Bucket"),
        put("LoadBalancer/LoadBalancerAttributes/3", {"Key": "access_logs.s3.enabled", "Value": "true"}),
        put("LoadBalancer/LoadBalancerAttributes/4", {"Key": "access_logs.s3.bucket", "Value": ref("LogBucket")}),
    ),
    fault(
        "E9411 E9809",
        "a backup plan keeps 35 days",
        add(
            "Plan",
            "AWS::Backup::BackupPlan",
            BackupPlan={
                "BackupPlanName": "p",
                "BackupPlanRule": [
                    {"RuleName": "r", "TargetBackupVault": "Default", "Lifecycle": {"DeleteAfterDays": 35}}
                ],
            },
        ),
    ),
    fault("E9412", "the database leaves nothing", put("DatabaseCluster:/DeletionPolicy", "Delete")),
    fault("E9412", "a replacement of the database loses the data", drop("DatabaseCluster:/UpdateReplacePolicy")),
    # Alarms
    fault(
        "E9501 E9506", "the CPU alarm has no action", drop("CpuPeakAlarm/AlarmActions"), drop("CpuPeakAlarm/OKActions")
    ),
    fault("E9501 E9506", "the actions of the CPU alarm are switched off", put("CpuPeakAlarm/ActionsEnabled", False)),
    near_miss(
        "E9501",
        "an alarm without an action that a deployment watches",
        drop("ServerErrorAlarm/AlarmActions"),
        drop("ServerErrorAlarm/OKActions"),
    ),
    fault("E9502", "the topic has no subscriber", remove("AlarmTopicEmailSubscription")),
    near_miss(
        "E9502",
        "the subscription is written in the topic",
        remove("AlarmTopicEmailSubscription"),
        put(
            "AlarmTopic/Subscription",
            {
                "Fn::If": [
                    "HasNotificationEmail",
                    [{"Protocol": "email", "Endpoint": ref("NotificationEmail")}],
                    ref("AWS::NoValue"),
                ]
            },
        ),
    ),
    near_miss(
        "E9502",
        "the alarms go to a topic of somebody else",
        put("/Parameters/Topic", {"Type": "String", "Default": ""}),
        *(
            put(f"{alarm}/{key}", [ref("Topic")])
            for alarm in (
                "CpuPeakAlarm",
                "DatabaseCpuPeakAlarm",
                "ServerErrorAlarm",
                "UnhealthyTargetsAlarm",
                "TooFewTasksAlarm",
            )
            for key in ("AlarmActions", "OKActions")
        ),
        remove("AlarmTopicEmailSubscription"),
    ),
    fault("E9503", "the topic's key is AWS's", put("AlarmTopic/KmsMasterKeyId", "alias/aws/sns")),
    fault(
        "E9503",
        "the topic's key does not admit CloudWatch",
        put("EncryptionKey/KeyPolicy/Statement/2/Principal/Service", ["events.amazonaws.com"]),
    ),
    fault(
        "E9503",
        "the topic's policy does not admit CloudWatch",
        put("AlarmTopicPolicy/PolicyDocument/Statement/0/Principal/Service", ["events.amazonaws.com"]),
    ),
    near_miss(
        "E9503", "the topic has neither policy nor key", remove("AlarmTopicPolicy"), drop("AlarmTopic/KmsMasterKeyId")
    ),
    fault("E9504", "the CPU alarm has no dimensions", drop("CpuPeakAlarm/Dimensions")),
    fault("E9504", "the CPU alarm has a dimension too few", drop("CpuPeakAlarm/Dimensions/0")),
    fault("E9504", "unhealthy targets of no target group", drop("UnhealthyTargetsAlarm/Dimensions/1")),
    fault(
        "E9505", "the CPU alarm names the service by its ARN", put("CpuPeakAlarm/Dimensions/1/Value", ref("Service"))
    ),
    fault(
        "E9505",
        "the CPU alarm names the cluster by its ARN",
        put("CpuPeakAlarm/Dimensions/0/Value", att("Cluster", "Arn")),
    ),
    fault(
        "E9505",
        "an alarm names the load balancer by its ARN",
        put("UnhealthyTargetsAlarm/Dimensions/0/Value", ref("LoadBalancer")),
    ),
    fault("E9506", "nothing watches the CPU", remove("CpuPeakAlarm"), put("Dashboard/DashboardBody", "{}")),
    fault(
        "E9506",
        "the CPU alarm goes off when the CPU is low",
        put("CpuPeakAlarm/ComparisonOperator", "LessThanThreshold"),
    ),
    fault("E9507", "the CPU alarm's threshold is a fraction", put("CpuPeakAlarm/Threshold", 0.8)),
    fault(
        "W9508",
        "a peak must last ten minutes",
        put("CpuPeakAlarm/Period", 300),
        put("CpuPeakAlarm/EvaluationPeriods", 2),
        put("CpuPeakAlarm/DatapointsToAlarm", 2),
    ),
    fault("E9509 E9610", "the service publishes once a minute", drop("Service/Monitoring")),
    fault("E9509", "a fine alarm on the load balancer", put("UnhealthyTargetsAlarm/Period", 10)),
    fault("E9511", "errors are filled with 0", put(ERRORS, FILLED), *patient(1, 1)),
    fault("E9511", "errors are filled with 0, three periods in a row", put(ERRORS, FILLED), *patient(3, 3)),
    fault(
        "E9511",
        "errors are filled, and how many periods count is not said",
        put(ERRORS, FILLED),
        drop("ServerErrorAlarm/DatapointsToAlarm"),
    ),
    fault("E9511", "all metrics of an alarm are filled", put(ERRORS, "SUM(FILL(METRICS(), 0))"), *patient(1, 1)),
    fault("E9511", "errors are filled with their minimum", put(ERRORS, "FILL(tasks, MIN(tasks))"), *patient(1, 1)),
    fault(
        "E9511",
        "another expression fills, with a third",
        put(ERRORS, "filled + nobody"),
        put("ServerErrorAlarm/Metrics/4", {**computed("FILL(tasks, zero)", "filled"), "ReturnData": False}),
        put("ServerErrorAlarm/Metrics/5", {**computed("TIME_SERIES(0)", "zero"), "ReturnData": False}),
        *patient(1, 1),
    ),
    fault(
        "E9511",
        "a filler breaches, and one datapoint of three is enough",
        put(ERRORS, "FILL(requests, 0)"),
        put("ServerErrorAlarm/ComparisonOperator", "LessThanThreshold"),
        *patient(1, 3),
    ),
    fault(
        "E9511",
        "a band of what is normal is drawn around what is filled",
        put("ServerErrorAlarm/Metrics/0", computed("ANOMALY_DETECTION_BAND(FILL(requests, 0))", "band")),
        put("ServerErrorAlarm/ThresholdMetricId", "band"),
        put("ServerErrorAlarm/ComparisonOperator", "GreaterThanUpperThreshold"),
        drop("ServerErrorAlarm/Threshold"),
        *patient(1, 1),
    ),
    fault("E9511", "the requests that scale are filled", put(RATE, "FILL(requests, 0) / 60")),
    fault(
        "E9511",
        "the filler of the requests that scale is a parameter's",
        put(RATE, sub("FILL(requests, ${MinRunningTasks}) / 60")),
    ),
    fault(
        "E9511",
        "the alarm that adds tasks fills",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **FILLED_ALARM),
    ),
    fault(
        "E9511",
        "a forecast fills",
        add(
            "Forecast",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="forecast",
            PolicyType="PredictiveScaling",
            ScalingTargetId=ref("ScalableTarget"),
            PredictiveScalingPolicyConfiguration={
                "MetricSpecifications": [
                    {
                        "TargetValue": 50,
                        "CustomizedLoadMetricSpecification": {
                            "MetricDataQueries": [counted("load", "RequestCount"), computed("FILL(load, 0)")]
                        },
                    }
                ]
            },
        ),
    ),
    fault(
        "E9511",
        "a group of instances scales by what is filled",
        add(
            "GroupPolicy",
            "AWS::AutoScaling::ScalingPolicy",
            AutoScalingGroupName="group",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "TargetValue": 10,
                "CustomizedMetricSpecification": {"Metrics": [counted("m"), computed("FILL(m, 0) / 60")]},
            },
        ),
    ),
    near_miss("E9511", "errors are filled, and two datapoints of five are enough", put(ERRORS, FILLED)),
    near_miss(
        "E9511",
        "a filler breaches, and two datapoints of five are enough",
        put(ERRORS, "FILL(requests, 0)"),
        put("ServerErrorAlarm/ComparisonOperator", "LessThanThreshold"),
    ),
    near_miss("E9511", "the last value is repeated", put(ERRORS, "FILL(tasks, REPEAT)"), *patient(1, 1)),
    near_miss("E9511", "gaps are interpolated", put(ERRORS, "FILL(tasks, LINEAR)"), *patient(1, 1)),
    near_miss("E9511", "errors are filled with another metric", put(ERRORS, "FILL(tasks, nobody)"), *patient(1, 1)),
    near_miss(
        "E9511",
        "a metric of one's own is filled",
        put("ServerErrorAlarm/Metrics/2/MetricStat/Metric", {"Namespace": "Shop", "MetricName": "Failures"}),
        put(ERRORS, "FILL(tasks, 0) + nobody"),
        *patient(1, 1),
    ),
    near_miss(
        "E9511",
        "what is filled is not watched",
        put("ServerErrorAlarm/Metrics/4", {**computed("FILL(tasks, 0)", "filled"), "ReturnData": False}),
        *patient(1, 1),
    ),
    # Scaling
    fault("E9601", "nothing scales the service", remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy")),
    fault("E9601", "nothing scales by requests", remove("RequestScalingPolicy")),
    fault("E9602", "10 requests a minute", put(REQUESTS, {**PREDEFINED, "TargetValue": 10})),
    fault("E9602", "600 requests a second", put(f"{REQUESTS}/TargetValue", 600)),
    fault("E9602", "10,000 requests a minute", put(REQUESTS, {**PREDEFINED, "TargetValue": 10000})),
    near_miss("E9602", "600 requests a minute", put(REQUESTS, PREDEFINED)),
    fault("E9602", "10 requests a minute, by metric math", put(RATE, "requests + 0 * healthy")),
    fault("E9602", "10 requests a minute, of two target groups", put(RATE, "SUM([requests, 0 * healthy])")),
    fault("E9602", "600 requests a second, by metric math", put(RATE, "requests / 3600")),
    *(
        near_miss("E9602", f"10 requests a second: {expression}", put(RATE, expression))
        for expression in (
            "requests / 60 + 0 * healthy",
            "requests / PERIOD(requests)",
            "IF(requests > 0, requests, 0 * healthy) / 60",
            'SUM(METRICS("requests")) / 60',
            "RATE(requests)",
        )
    ),
    near_miss(
        "E9602",
        "10 requests a second and task: all requests by all healthy tasks",
        put(f"{COUNTED}/0/MetricStat/Metric/MetricName", "RequestCount"),
        put(RATE, "requests / healthy / 60"),
    ),
    near_miss(
        "E9602",
        "10 requests a second, to one target group or the other",
        put(COUNTED, [counted("blue"), counted("green"), computed("(blue + green) / 60")]),
    ),
    near_miss(
        "E9602",
        "an alarm at 10 requests a second adds a task",
        *BY_STEPS,
        add(
            "Requests",
            "AWS::CloudWatch::Alarm",
            **{**FILLED_ALARM, "Metrics": [counted("m1", Period=60), computed("m1 / 60")]},
        ),
    ),
    fault(
        "E9602",
        "an alarm at 10 requests a minute, by metric math, adds a task",
        *BY_STEPS,
        add(
            "Requests",
            "AWS::CloudWatch::Alarm",
            **{**FILLED_ALARM, "Metrics": [counted("m1", Period=60), computed("m1 + 0")]},
        ),
    ),
    fault(
        "E9602",
        "an alarm at 10 requests a minute adds a task",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **{**REQUEST_ALARM, "Threshold": 10}),
    ),
    near_miss(
        "E9602",
        "an alarm at 600 requests a minute adds a task",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **REQUEST_ALARM),
    ),
    fault(
        "E9603",
        "requests are averaged",
        *BY_STEPS,
        add("Requests", "AWS::CloudWatch::Alarm", **{**REQUEST_ALARM, "Statistic": "Average"}),
    ),
    fault(
        "E9603",
        "the scaling metric is averaged",
        put(f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Stat", "Average"),
    ),
    fault(
        "E9604",
        "the label has ARNs",
        put(REQUESTS, PREDEFINED),
        swap(f"{REQUESTS}/PredefinedMetricSpecification", ".LoadBalancerFullName", ""),
    ),
    fault(
        "E9604",
        "there is no label",
        put(REQUESTS, PREDEFINED),
        drop(f"{REQUESTS}/PredefinedMetricSpecification/ResourceLabel"),
    ),
    fault(
        "E9604",
        "the label is another target group's",
        put(REQUESTS, PREDEFINED),
        add(
            "Other",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            TargetType="ip",
            VpcId=ref("Vpc"),
            Port=80,
            Protocol="HTTP",
        ),
        swap(f"{REQUESTS}/PredefinedMetricSpecification", "TargetGroup.", "Other."),
    ),
    fault(
        "E9605",
        "the scalable target is the service's ARN",
        put("ScalableTarget/ResourceId", sub("service/${Cluster}/${Service}")),
    ),
    fault(
        "E9605",
        "the scalable target is another service",
        put("Service/ServiceName", "phoenix"),
        put("ScalableTarget/ResourceId", sub("service/${Cluster}/web")),
    ),
    near_miss(
        "E9605",
        "the scalable target is named",
        put("Service/ServiceName", sub("${StagePrefix}-web")),
        put("ScalableTarget/ResourceId", sub("service/${StagePrefix}-phoenix/${StagePrefix}-web")),
    ),
    fault("E9606", "no room to scale", put("ScalableTarget/MaxCapacity", ref("MinRunningTasks"))),
    fault("E9606", "scaling down to nothing", put("ScalableTarget/MinCapacity", 0)),
    fault(
        "E9607",
        "the scaling metric has no dimensions",
        drop(f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric/Dimensions"),
    ),
    fault(
        "E9607",
        "the scaling metric names the target group by its ARN",
        put(
            f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric/Dimensions/1/Value",
            ref("TargetGroup"),
        ),
    ),
    fault("E9608", "no alarm sets the steps off", add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP)),
    fault(
        "E9609",
        "a CPU target of half a percent",
        put("CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/TargetValue", 0.5),
    ),
    fault(
        "E9611",
        "blue/green with the wrong metric",
        deploying("blue-green"),
        put(REQUESTS, PREDEFINED),
    ),
    # The pipeline's chain
    fault(
        "E9701", "an artifact that nobody produces", put("Pipeline/Stages/1/Actions/0/InputArtifacts/0/Name", "Code")
    ),
    fault("E9702", "the template's artifact is not taken", put(f"{DEPLOY}/InputArtifacts", [{"Name": "Image"}])),
    fault("E9702", "the image's artifact is not taken", put(f"{DEPLOY}/InputArtifacts", [{"Name": "Source"}])),
    fault("E9703", "the deployment reads another file", swap(OVERRIDES, "image.json", "build.json")),
    fault("E9703", "the deployment reads another key", swap(OVERRIDES, '"ImageURI"]', '"ImageUri"]')),
    fault("E9703", "the buildspec writes another key", swap(BUILDSPEC, '"ImageURI"', '"Uri"')),
    fault(
        "E9703", "the buildspec's artifact is another file", swap(BUILDSPEC, "    - image.json", "    - taskdef.json")
    ),
    fault("E9703", "the buildspec writes another file", swap(BUILDSPEC, "> image.json", "> uri.json")),
    fault(
        "E9703",
        "no artifact has the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::configuration.json"),
    ),
    fault(
        "E9703",
        "no command writes the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::stack.json"),
        swap(BUILDSPEC, "> stack.json", "> parameters.json"),
    ),
    near_miss(
        "E9703",
        "the build writes the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::stack.json"),
    ),
    near_miss("E9703", "the buildspec's artifact is everything", swap(BUILDSPEC, "    - image.json", "    - '**/*'")),
    # The Dockerfile
    fault("E9722", "a stage that is not in the Dockerfile", swap(DOCKERFILE, " AS test", " AS tests")),
    near_miss("E9722", "a stage in capitals", swap(DOCKERFILE, " AS test", " AS TEST")),
    near_miss(
        "E9722",
        "a stage that is built where it is there",
        swap(DOCKERFILE, " AS test", " AS tests"),
        swap(BUILDSPEC, 'docker build "${argument[@]}" --target test app', CONDITIONAL),
    ),
    fault("E9723", "an image without a command", swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', "")),
    near_miss(
        "E9723",
        "the container's own command",
        swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', ""),
        put(f"{CONTAINER}/Command", ["node", "src/main.js"]),
    ),
    near_miss(
        "E9723",
        "an image that has a command",
        swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', ""),
        swap(DOCKERFILE, "docker/library/node:24-slim\n", "nginx/nginx:1.29\n"),
    ),
    near_miss("E9723", "an entry point", swap(DOCKERFILE, 'CMD ["node"', 'ENTRYPOINT ["node"')),
    fault(
        "E9724", "an image that is for another user", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER 10001\nEXPOSE")
    ),
    fault(
        "E9724",
        "a container that runs as root, as no user is named",
        drop(f"{CONTAINER}/User"),
        swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "EXPOSE"),
    ),
    fault(
        "E9724",
        "an image whose user is root",
        drop(f"{CONTAINER}/User"),
        swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER root\nEXPOSE"),
    ),
    near_miss("E9724", "the image's own user", drop(f"{CONTAINER}/User")),
    near_miss("E9724", "no user in the Dockerfile", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "EXPOSE")),
    near_miss("E9724", "a user without its group", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER 1000\nEXPOSE")),
    near_miss("E9724", "a user by name", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER node\nEXPOSE")),
    fault("E9725", "writable storage without a VOLUME", *STORAGE),
    fault(
        "E9725",
        "writable storage with a VOLUME elsewhere",
        *STORAGE,
        swap(DOCKERFILE, "EXPOSE 8080", "VOLUME /data/cache\nEXPOSE 8080"),
    ),
    near_miss("E9725", "a VOLUME", *STORAGE, swap(DOCKERFILE, "EXPOSE 8080", "VOLUME /data/\nEXPOSE 8080")),
    near_miss(
        "E9725", "a list of them", *STORAGE, swap(DOCKERFILE, "EXPOSE 8080", 'VOLUME ["/tmp", "/data"]\nEXPOSE 8080')
    ),
    near_miss("E9725", "storage to read", *STORAGE, put(f"{CONTAINER}/MountPoints/0/ReadOnly", True)),
    fault(
        "E9726",
        "an image that listens on another port",
        swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 3000"),
        swap(DOCKERFILE, "    PORT=8080", "    TZ=UTC"),
    ),
    near_miss("E9726", "another default of the variable", swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 3000")),
    near_miss("E9726", "with its protocol", swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 9000 8080/tcp")),
    fault(
        "E9704",
        "the template is not in the repository",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Source::templates/Infra.yml"),
    ),
    fault("E9704", "the buildspec is not in the repository", put("BuildProject/Source/BuildSpec", "buildspec.yml")),
    fault("E9705", "a parameter that the template has not", swap(OVERRIDES, '"MinRunningTasks":', '"MinTasks":')),
    fault("E9705 E9706", "a renamed parameter without a default", swap(OVERRIDES, '"DockerImageURI":', '"ImageUri":')),
    fault("E9706", "the template needs one more parameter", put("/Parameters/Domain", {"Type": "String"})),
    near_miss(
        "E9706",
        "the template has one more parameter with a default",
        put("/Parameters/Domain", {"Type": "String", "Default": ""}),
    ),
    fault("E9707", "a value that the template refuses", swap(OVERRIDES, "${MinRunningTasks}", "two")),
    fault("E9707", "a default that the template refuses", put("/Parameters/ContainerPort/AllowedPattern", "^80$")),
    fault(
        "E9708", "ParameterOverrides are too long", swap(OVERRIDES, '{"StagePrefix"', "{" + " " * 700 + '"StagePrefix"')
    ),
    fault("E9709", "the deployment lacks its capability", drop(f"{DEPLOY}/Configuration/Capabilities")),
    fault("E9709", "a named role, and the lesser capability", put("TaskRole/RoleName", sub("${StagePrefix}-task"))),
    near_miss("E9709", "the greater capability", put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_NAMED_IAM")),
    fault("E9710", "the webhook does not filter by branch", put("SourceWebhook/Filters", [])),
    fault("E9710", "the webhook filters by a bare branch", put("SourceWebhook/Filters/0/MatchEquals", "main")),
    fault(
        "E9711",
        "the source is polled, too",
        put("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges", True),
    ),
    fault(
        "E9711", "polling is not switched off", drop("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges")
    ),
    fault("E9712", "nothing starts the pipeline", remove("SourceWebhook", "WebhookSecret")),
    fault("E9712", "GitHub is not told of the webhook", put("SourceWebhook/RegisterWithThirdParty", False)),
    fault("E9713", "the webhook names another action", put("SourceWebhook/TargetAction", "GitHub")),
    fault(
        "E9714",
        "the buildspec's variable is not provided",
        put("BuildProject/Environment/EnvironmentVariables/0/Name", "REPO_URI"),
    ),
    near_miss(
        "E9714",
        "the action provides the variable",
        drop("BuildProject/Environment/EnvironmentVariables"),
        put(
            "Pipeline/Stages/1/Actions/0/Configuration/EnvironmentVariables",
            sub('[{"name":"REPOSITORY_URI","value":"${Repository.RepositoryUri}"}]'),
        ),
    ),
    fault(
        "E9715",
        "the image definitions name another container",
        add(
            "Rolling",
            "AWS::CodeBuild::Project",
            Name=sub("${StagePrefix}-rolling"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={
                "Type": "CODEPIPELINE",
                "BuildSpec": ROLLING,
            },
            Artifacts={"Type": "CODEPIPELINE"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
            Environment={
                "Type": "LINUX_CONTAINER",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "Image": "aws/codebuild/standard:8.0",
            },
        ),
    ),
    fault(
        "E9716 E9809",
        "the service's image is in a repository of the same stack",
        add("Images", "AWS::ECR::Repository", EmptyOnDelete=True),
        put(f"{CONTAINER}/Image", sub("${Images.RepositoryUri}:latest")),
    ),
    fault("E9717", "Docker without privileges", put("BuildProject/Environment/PrivilegedMode", False)),
    fault("E9718", "the project's artifacts go to a bucket", put("BuildProject/Artifacts/Type", "S3")),
    fault("E9718", "the project's source is not the pipeline's", put("BuildProject/Source/Type", "GITHUB")),
    near_miss(
        "E9718",
        "the pipeline runs a project with a source of its own",
        put("BuildProject/Source/Type", "CODECOMMIT"),
        put("BuildProject/Artifacts", {"Type": "NO_ARTIFACTS"}),
    ),
    fault(
        "E9719",
        "the source is a clone reference",
        put(
            "Pipeline/Stages/0/Actions/0/ActionTypeId",
            {"Category": "Source", "Owner": "AWS", "Provider": "CodeStarSourceConnection", "Version": "1"},
        ),
        put(
            "Pipeline/Stages/0/Actions/0/Configuration",
            {
                "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/x",
                "FullRepositoryId": "a/b",
                "BranchName": "main",
                "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
            },
        ),
        remove("SourceWebhook"),
        permit("PipelineRole", "codeconnections:UseConnection"),
    ),
    fault("E9720", "a variable of no namespace", swap(OVERRIDES, "${NotificationEmail}", "#{Build.EMAIL}")),
    # Roles
    fault(
        "E9801",
        "a role is an administrator",
        put("TaskRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    fault(
        "E9801",
        "a role is an administrator in any partition",
        put("BuildRole/ManagedPolicyArns", [sub("arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess")]),
    ),
    fault(
        "E9802",
        "a policy allows everything",
        permit("BuildRole", "*"),
    ),
    fault("E9803", "the pipeline may pass every role", limit("PipelineRole", "iam:PassRole", "*")),
    fault(
        "E9803",
        "the pipeline may pass every role of the account",
        limit("PipelineRole", "iam:PassRole", sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*")),
    ),
    fault(
        "E9804",
        "the execution role trusts EC2",
        put("TaskExecutionRole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "ec2.amazonaws.com"),
    ),
    fault(
        "E9804",
        "the deploy role trusts the pipeline",
        put("DeployRole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "codepipeline.amazonaws.com"),
    ),
    near_miss(
        "E9804",
        "a role trusts several services",
        put(
            "TaskExecutionRole/AssumeRolePolicyDocument/Statement/0/Principal/Service",
            ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"],
        ),
    ),
    fault(
        "E9804 E9805",
        "anybody may assume a role",
        put(
            "TaskRole/AssumeRolePolicyDocument/Statement/0",
            {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        ),
    ),
    fault(
        "E9806",
        "the execution role may not write the log",
        forbid("TaskExecutionRole", "logs:PutLogEvents", "logs:CreateLogStream"),
    ),
    near_miss(
        "E9806",
        "the execution role has AWS's policy",
        forbid("TaskExecutionRole", "logs:PutLogEvents", "logs:CreateLogStream"),
        put(
            "TaskExecutionRole/ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
        ),
    ),
    fault("E9807", "the build may not push", forbid("BuildRole", "ecr:PutImage")),
    fault("E9807", "the build may not log in to the registry", forbid("BuildRole", "ecr:GetAuthorizationToken")),
    fault("E9808", "the pipeline may not start the build", forbid("PipelineRole", "codebuild:StartBuild")),
    fault("E9808", "the pipeline may not pass the deploy role", forbid("PipelineRole", "iam:PassRole")),
    fault(
        "E9808", "the pipeline may not read its bucket", limit("PipelineRole", "s3:GetObject", att("Repository", "Arn"))
    ),
    fault(
        "E9809",
        "the deploy role may not make the database",
        forbid("DeployRole", "rds:CreateDBCluster"),
    ),
    fault("E9810", "the function may not write its log", forbid("BucketEmptierRole", "logs:PutLogEvents")),
    # Stages
    fault("E9408 E9901", "a cluster has one name in all stages", put("Cluster/ClusterName", "phoenix")),
    fault(
        "E9901",
        "a log group is told apart by its region only",
        put("TaskLogGroup/LogGroupName", sub("/phoenix/${AWS::Region}")),
    ),
    near_miss(
        "E9901",
        "a name from the stack's name",
        put("Cluster/ClusterName", sub("${AWS::StackName}-cluster")),
        put(
            "ContainerInsightsLogGroup/LogGroupName",
            sub("/aws/ecs/containerinsights/${AWS::StackName}-cluster/performance"),
        ),
    ),
    fault(
        "E9902",
        "the load balancer's name overflows in production",
        put("LoadBalancer/Name", sub("${StagePrefix}-phoenix-load-balancer")),
    ),
    near_miss("E9902", "the load balancer's name fits", put("LoadBalancer/Name", sub("${StagePrefix}-phoenix"))),
    fault("E9903", "a repository in upper case", put("Repository/RepositoryName", sub("${StagePrefix}-Phoenix"))),
    fault(
        "E9911", "a security group's name begins with sg-", put("TaskSecurityGroup/GroupName", sub("sg-${StagePrefix}"))
    ),
    fault(
        "E9911",
        "a load balancer's name begins with internal-",
        put("LoadBalancer/Name", sub("internal-${StagePrefix}")),
    ),
    fault(
        "E9911", "a bucket's name is a test bucket's", put("ArtifactBucket/BucketName", sub("sthree-${StagePrefix}-a"))
    ),
    fault(
        "E9911",
        "a database's name has two hyphens in a row",
        put("DatabaseInstance1/DBInstanceIdentifier", sub("${StagePrefix}--phoenix")),
    ),
    near_miss(
        "E9911",
        "a security group's name has sg- within",
        put("TaskSecurityGroup/GroupName", sub("${StagePrefix}-sg-1")),
    ),
    near_miss(
        "E9911", "a load balancer's name ends in internal", put("LoadBalancer/Name", sub("${StagePrefix}-internal"))
    ),
    fault(
        "E9904",
        "an export has one name in all stages",
        put("/Outputs/Url", {"Value": att("LoadBalancer", "DNSName"), "Export": {"Name": "phoenix-url"}}),
    ),
    fault(
        "E9905", "all stages deploy into one stack", put(f"{DEPLOY}/Configuration/StackName", "phoenix-infrastructure")
    ),
    # Removal
    fault("E9951", "the repository blocks its removal", drop("Repository/EmptyOnDelete")),
    near_miss(
        "E9951",
        "the repository is kept",
        drop("Repository/EmptyOnDelete"),
        drop("Repository/RepositoryName"),
        put("Repository:/DeletionPolicy", "Retain"),
    ),
    fault("E9952", "the bucket blocks its removal", remove("BucketEmptier")),
    near_miss("E9952", "the bucket is kept", remove("BucketEmptier"), put("ArtifactBucket:/DeletionPolicy", "Retain")),
    fault(
        "E9953",
        "what empties the bucket may not do so",
        forbid("BucketEmptierRole", "s3:DeleteObjectVersion"),
    ),
    fault("E9954", "the database is protected against deletion", put("DatabaseCluster/DeletionProtection", True)),
    near_miss(
        "E9954",
        "a parameter protects the database",
        put("/Parameters/Protect", {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}),
        put("DatabaseCluster/DeletionProtection", ref("Protect")),
    ),
    fault("E9955", "the database's key goes with the stack", put("DatabaseCluster/KmsKeyId", ref("EncryptionKey"))),
    near_miss(
        "E9955",
        "the database's key stays",
        put("DatabaseCluster/KmsKeyId", ref("EncryptionKey")),
        put("EncryptionKey:/DeletionPolicy", "Retain"),
    ),
    fault("E9956", "a log group is kept, with its name", put("TaskLogGroup:/DeletionPolicy", "Retain")),
    near_miss(
        "E9506",
        "the alarms exist where somebody is to be told",
        put("CpuPeakAlarm:/Condition", "HasNotificationEmail"),
        put("Dashboard/DashboardBody", "{}"),
    ),
    fault("E9502", "nobody hears of failed runs", remove("PipelineTopicEmailSubscription")),
    fault(
        "E9503",
        "the pipeline's topic does not admit EventBridge",
        put("PipelineTopicPolicy/PolicyDocument/Statement/0/Principal/Service", ["cloudwatch.amazonaws.com"]),
    ),
    fault("E9505", "the CPU alarm watches a service that is not there", put("CpuPeakAlarm/Dimensions/1/Value", "web")),
    fault(
        "E9602",
        "requests a minute against a target a second",
        swap(f"{REQUESTS}/CustomizedMetricSpecification", " / 60", ""),
    ),
    fault("E9405", "the database does not wait for its log groups", drop("DatabaseCluster:/DependsOn")),
    fault("E9408", "the cluster does not wait for its log group", drop("Cluster:/DependsOn")),
    fault(
        "E9413 E9503",
        "the key admits no service",
        put("EncryptionKey/KeyPolicy/Statement", [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*"}]),
        put("EncryptionKey/KeyPolicy/Statement/0/Principal", {"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")}),
    ),
    near_miss(
        "E9413",
        "the key is somebody else's",
        put("/Parameters/KeyArn", {"Type": "String", "Default": ""}),
        put("TaskLogGroup/KmsKeyId", ref("KeyArn")),
    ),
    fault("E9121", "no output leads to the application", drop("/Outputs/ApplicationUrl")),
    near_miss(
        "E9121",
        "a name in a zone leads to the application",
        drop("/Outputs/ApplicationUrl"),
        permit("DeployRole", "route53:*"),
        add(
            "Name",
            "AWS::Route53::RecordSet",
            HostedZoneName="example.com.",
            Name="phoenix.example.com",
            Type="A",
            AliasTarget={"DNSName": att("LoadBalancer", "DNSName")},
        ),
    ),
    fault(
        "E9721",
        "the tasks run on another processor than the build",
        put("TaskDefinition/RuntimePlatform/CpuArchitecture", "ARM64"),
    ),
    near_miss(
        "E9721",
        "the build makes an image for the other processor",
        put("TaskDefinition/RuntimePlatform/CpuArchitecture", "ARM64"),
        swap(BUILDSPEC, "docker build ", "docker build --platform linux/arm64 "),
    ),
    fault("E9101", "the load balancer has no security group", drop("LoadBalancer/SecurityGroups")),
    fault("E9122", "the service registers with nobody", drop("Service/LoadBalancers")),
    near_miss(
        "E9122",
        "another stack's service registers with a second target group",
        permit("DeployRole", "elasticloadbalancing:CreateRule"),
        add(
            "Others",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            TargetType="ip",
            VpcId=ref("Vpc"),
            Port=80,
            Protocol="HTTP",
        ),
        add(
            "ToOthers",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/others/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": ref("Others")}],
        ),
        put("/Outputs/Others", {"Value": ref("Others")}),
    ),
    fault("E9201", "the database has no security group", drop("DatabaseCluster/VpcSecurityGroupIds")),
    fault("E9203", "the database has no subnet group", drop("DatabaseCluster/DBSubnetGroupName")),
    fault("E9309", "the service names no cluster", drop("Service/Cluster")),
    near_miss(
        "E9309",
        "the service names its cluster by the cluster's name",
        put("Service/Cluster", sub("${StagePrefix}-phoenix")),
    ),
    fault("E9413 E9503", "the key has no policy", drop("EncryptionKey/KeyPolicy")),
    fault("E9501", "an alarm tells only that all is well again", drop("TooFewTasksAlarm/AlarmActions")),
    fault("E9504", "unhealthy targets of no load balancer", drop("UnhealthyTargetsAlarm/Dimensions/0")),
    fault("E9504", "running tasks of no service", drop("TooFewTasksAlarm/Dimensions/1")),
    fault("E9504", "the CPU of a cluster of Fargate tasks", drop("CpuPeakAlarm/Dimensions/1")),
    fault("E9510", "an address that may be empty", drop("AlarmTopicEmailSubscription:/Condition")),
    near_miss(
        "E9510",
        "an address that must be given",
        drop("AlarmTopicEmailSubscription:/Condition"),
        drop("/Conditions/HasNotificationEmail"),
        swap(OVERRIDES, "${NotificationEmail}", "ops@example.com"),
        drop("/Parameters/NotificationEmail/Default"),
    ),
    fault("E9710", "the webhook's filter matches anything", drop("SourceWebhook/Filters/0/MatchEquals")),
    # Near misses of the rules that have none above
    near_miss(
        "E9104",
        "the kind of target is a parameter",
        put("/Parameters/Kind", {"Type": "String", "Default": "ip"}),
        put("TargetGroup/TargetType", ref("Kind")),
    ),
    near_miss("W9109", "the target group's port is spelled", put("TargetGroup/Port", 8080)),
    near_miss(
        "E9112",
        "the load balancer's subnets are parameters",
        put("/Parameters/Public", {"Type": "List<AWS::EC2::Subnet::Id>", "Default": ""}),
        put("LoadBalancer/Subnets", ref("Public")),
    ),
    near_miss(
        "E9114",
        "nothing is said of public addresses",
        drop("Service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"),
    ),
    near_miss(
        "E9115",
        "a NAT gateway of the whole region",
        drop("NatGatewayA/SubnetId"),
        put("NatGatewayA/AvailabilityMode", "regional"),
        put("NatGatewayA/VpcId", ref("Vpc")),
    ),
    near_miss(
        "E9116",
        "the route waits for the attachment among others",
        put("PublicDefaultRoute:/DependsOn", ["Vpc", "InternetGatewayAttachment"]),
    ),
    near_miss("E9119", "a second network that nothing uses", add("OtherVpc", "AWS::EC2::VPC", CidrBlock="10.1.0.0/16")),
    near_miss(
        "E9201",
        "the database admits the tasks by a rule of its own",
        drop("DatabaseSecurityGroup/SecurityGroupIngress"),
        add(
            "FromTasks",
            "AWS::EC2::SecurityGroupIngress",
            GroupId=ref("DatabaseSecurityGroup"),
            SourceSecurityGroupId=ref("TaskSecurityGroup"),
            IpProtocol="tcp",
            FromPort=ref("MongoDBPort"),
            ToPort=ref("MongoDBPort"),
        ),
    ),
    fault(
        "E9201",
        "the database's port is a parameter, the port that it admits is spelled",
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/FromPort", 27017),
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/ToPort", 27017),
    ),
    near_miss(
        "E9204",
        "the database comes from a snapshot",
        drop("DatabaseCluster/StorageEncrypted"),
        put("DatabaseCluster/SnapshotIdentifier", "last"),
    ),
    near_miss(
        "E9209", "a direct connection to one instance", swap(CONNECTION, "replicaSet=rs0", "directConnection=true")
    ),
    fault(
        "E9211",
        "the user is spelled, the database's is a parameter",
        swap(CONNECTION, "${MongoDBMasterUsername}", "documentdb"),
    ),
    near_miss(
        "E9212",
        "the endpoint by GetAtt in a Join",
        swap(CONNECTION, "${DatabaseCluster.Endpoint}", "${Host}"),
        put(
            CONNECTION,
            {
                "Fn::Join": [
                    "",
                    [
                        "mongodb://",
                        ref("MongoDBMasterUsername"),
                        ":x@",
                        att("DatabaseCluster", "Endpoint"),
                        ":",
                        ref("MongoDBPort"),
                        "/?tls=true&replicaSet=rs0&retryWrites=false",
                    ],
                ]
            },
        ),
    ),
    near_miss(
        "E9215",
        "secrets with a certain tag",
        limit(
            "TaskExecutionRole",
            "secretsmanager:GetSecretValue",
            "*",
            Condition={"StringEquals": {"aws:ResourceTag/Project": "phoenix"}},
        ),
    ),
    near_miss(
        "E9218",
        "the secret's ARN under another name",
        put("/Parameters/PasswordSecretArn", {"Type": "String", "Default": ""}),
        swap(OVERRIDES, '"MongoDBPort"', '"PasswordSecretArn":"${DatabaseCredentials}","MongoDBPort"'),
    ),
    near_miss("E9219", "the token has no default", put("P/Parameters/GithubOAuthToken/Default", "")),
    near_miss(
        "E9223",
        "an instance by the cluster's name",
        put("DatabaseInstance1/DBClusterIdentifier", sub("${StagePrefix}-phoenix")),
    ),
    near_miss(
        "E9225",
        "the webhook's secret is a parameter of its own",
        put("P/Parameters/WebhookSecretToken", {"Type": "String", "NoEcho": True}),
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", ref("WebhookSecretToken")),
    ),
    near_miss(
        "E9226",
        "the token is in Secrets Manager",
        put(
            "Pipeline/Stages/0/Actions/0/Configuration/OAuthToken",
            "{{resolve:secretsmanager:github:SecretString:token}}",
        ),
    ),
    near_miss(
        "E9302",
        "no scaling in this template",
        remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy"),
        put("Service/DesiredCount", 2),
        put("/Outputs/ServiceName/Export", {"Name": sub("${StagePrefix}-service")}),
    ),
    near_miss(
        "E9303",
        "a deployment replaces half of the tasks",
        put("Service/DeploymentConfiguration/MinimumHealthyPercent", 50),
        put("Service/DeploymentConfiguration/MaximumPercent", 100),
    ),
    near_miss(
        "E9306",
        "the health check has its defaults",
        drop("TargetGroup/HealthCheckTimeoutSeconds"),
        drop("TargetGroup/HealthCheckIntervalSeconds"),
    ),
    near_miss(
        "E9307",
        "a deployment watches an alarm by its name",
        put("ServerErrorAlarm/AlarmName", sub("${StagePrefix}-errors")),
        put("Service/DeploymentConfiguration/Alarms/AlarmNames/0", sub("${StagePrefix}-errors")),
    ),
    near_miss("W9308", "three tasks", put("/Parameters/MinRunningTasks/Default", 3)),
    near_miss(
        "E9406",
        "neither written nor exported",
        drop("DatabaseParameterGroup/Parameters/profiler"),
        put("DatabaseCluster/EnableCloudwatchLogsExports", ["audit"]),
    ),
    near_miss("E9407", "the backups' days are a string", put("DatabaseCluster/BackupRetentionPeriod", "7")),
    near_miss(
        "E9409",
        "ECS Exec writes to a declared log group",
        put(
            "Cluster/Configuration",
            {
                "ExecuteCommandConfiguration": {
                    "Logging": "OVERRIDE",
                    "LogConfiguration": {"CloudWatchLogGroupName": ref("TaskLogGroup")},
                }
            },
        ),
    ),
    near_miss(
        "E9410",
        "access logs in a bucket of somebody else",
        put("LoadBalancer/LoadBalancerAttributes/3", {"Key": "access_logs.s3.enabled", "Value": "true"}),
        put("LoadBalancer/LoadBalancerAttributes/4", {"Key": "access_logs.s3.bucket", "Value": "logs-of-the-company"}),
    ),
    near_miss(
        "E9411",
        "a backup plan of seven days",
        add(
            "Plan",
            "AWS::Backup::BackupPlan",
            PIPELINE,
            BackupPlan={
                "BackupPlanName": "p",
                "BackupPlanRule": [
                    {"RuleName": "r", "TargetBackupVault": "Default", "Lifecycle": {"DeleteAfterDays": 7}}
                ],
            },
        ),
    ),
    near_miss(
        "E9412",
        "the database itself is kept",
        put("DatabaseCluster:/DeletionPolicy", "Retain"),
        drop("DatabaseCluster/DBClusterIdentifier"),
        swap("DatabaseAuditLogGroup/LogGroupName", "${StagePrefix}-phoenix", "${DatabaseCluster}"),
        swap("DatabaseProfilerLogGroup/LogGroupName", "${StagePrefix}-phoenix", "${DatabaseCluster}"),
    ),
    near_miss(
        "E9504",
        "an alarm on a metric of one's own",
        put("UnhealthyTargetsAlarm/Namespace", "Phoenix"),
        drop("UnhealthyTargetsAlarm/Dimensions"),
    ),
    near_miss(
        "E9505",
        "an alarm names the cluster by its name",
        put("CpuPeakAlarm/Dimensions/0/Value", sub("${StagePrefix}-phoenix")),
    ),
    near_miss(
        "E9506",
        "the CPU is watched by metric math",
        *(drop(f"CpuPeakAlarm/{key}") for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")),
        put(
            "CpuPeakAlarm/Metrics",
            [
                {
                    "Id": "cpu",
                    "MetricStat": {
                        "Stat": "Maximum",
                        "Period": 60,
                        "Metric": {
                            "Namespace": "AWS/ECS",
                            "MetricName": "CPUUtilization",
                            "Dimensions": [
                                {"Name": "ClusterName", "Value": ref("Cluster")},
                                {"Name": "ServiceName", "Value": att("Service", "Name")},
                            ],
                        },
                    },
                }
            ],
        ),
    ),
    near_miss(
        "E9507",
        "a CPU of 100 percent is a peak",
        put("CpuPeakAlarm/Threshold", 100),
        put("CpuPeakAlarm/ComparisonOperator", "GreaterThanOrEqualToThreshold"),
    ),
    near_miss(
        "E9507",
        "another alarm goes off when the CPU is low",
        add(
            "Idle",
            "AWS::CloudWatch::Alarm",
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Dimensions=[
                {"Name": "ClusterName", "Value": ref("Cluster")},
                {"Name": "ServiceName", "Value": att("Service", "Name")},
            ],
            Statistic="Minimum",
            Period=60,
            EvaluationPeriods=60,
            ComparisonOperator="LessThanThreshold",
            Threshold=0.5,
            AlarmActions=[ref("AlarmTopic")],
        ),
    ),
    near_miss(
        "W9508",
        "a peak of two minutes",
        put("CpuPeakAlarm/Period", 60),
        put("CpuPeakAlarm/EvaluationPeriods", 2),
        put("CpuPeakAlarm/DatapointsToAlarm", 2),
    ),
    near_miss("E9509", "an alarm of one minute", put("CpuPeakAlarm/Period", 60)),
    near_miss(
        "E9601",
        "the service's name is exported, so that others may scale it",
        remove("ScalableTarget", "RequestScalingPolicy", "CpuScalingPolicy"),
        put("/Outputs/ServiceName/Export", {"Name": sub("${StagePrefix}-scaled")}),
    ),
    near_miss("E9603", "another metric is averaged", put("UnhealthyTargetsAlarm/Statistic", "Average")),
    near_miss(
        "E9604",
        "the label is joined",
        put(REQUESTS, PREDEFINED),
        put(
            f"{REQUESTS}/PredefinedMetricSpecification/ResourceLabel",
            {
                "Fn::Join": [
                    "/",
                    [att("LoadBalancer", "LoadBalancerFullName"), att("TargetGroup", "TargetGroupFullName")],
                ]
            },
        ),
    ),
    near_miss(
        "E9606", "the bounds are spelled", put("ScalableTarget/MinCapacity", 2), put("ScalableTarget/MaxCapacity", "3")
    ),
    near_miss(
        "E9607",
        "a scaling metric of one's own",
        put(
            f"{REQUESTS}/CustomizedMetricSpecification/Metrics/0/MetricStat/Metric",
            {"Namespace": "Phoenix", "MetricName": "Requests"},
        ),
        add(
            "Also",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="also",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref("ScalableTarget"),
            TargetTrackingScalingPolicyConfiguration=PREDEFINED,
        ),
    ),
    near_miss(
        "E9608",
        "an alarm sets the steps off",
        add("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy", **STEP),
        add("More", "AWS::CloudWatch::Alarm", **REQUEST_ALARM),
    ),
    near_miss(
        "E9609",
        "a CPU target of 90 percent",
        put("CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/TargetValue", 90),
    ),
    near_miss(
        "E9610",
        "the metric of one minute",
        drop("Service/Monitoring"),
        put("CpuPeakAlarm/Period", 60),
        put(
            "CpuScalingPolicy/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/PredefinedMetricType",
            "ECSServiceAverageCPUUtilization",
        ),
    ),
    near_miss("E9611", "blue/green with metric math", deploying("blue-green")),
    near_miss("E9701", "an artifact passed on within a stage", put("Pipeline/Stages/2/Actions/0/RunOrder", 2)),
    near_miss(
        "E9702",
        "one artifact more than is read",
        put("Pipeline/Stages/1/Actions/0/OutputArtifacts/1", {"Name": "Reports"}),
        put(f"{DEPLOY}/InputArtifacts/2", {"Name": "Reports"}),
        swap(
            BUILDSPEC,
            "artifacts:\n  files:\n    - image.json",
            "artifacts:\n  secondary-artifacts:\n    Image:\n      files:\n        - image.json\n"
            "    Reports:\n      files: ['*.xml']",
        ),
    ),
    near_miss(
        "E9704",
        "the pipeline of another repository",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Source::infra/service.yml"),
        put("BuildProject/Source/BuildSpec", "ci/buildspec.yml"),
    ),
    near_miss(
        "E9705",
        "the template is made by the build",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Image::packaged.yml"),
        swap(OVERRIDES, '"MinRunningTasks":', '"MinTasks":'),
        swap(BUILDSPEC, "> stack.json", "> packaged.yml"),
        swap(BUILDSPEC, "- stack.json", "- packaged.yml"),
    ),
    near_miss(
        "E9707", "a value that is known only at run time", swap(OVERRIDES, "${MinRunningTasks}", "${AWS::AccountId}")
    ),
    near_miss("E9708", "ParameterOverrides with some blanks", swap(OVERRIDES, '{"StagePrefix"', '{    "StagePrefix"')),
    near_miss(
        "E9710",
        "the webhook names the branch of the source",
        put("SourceWebhook/Filters/0/MatchEquals", sub("refs/heads/${GithubBranch}")),
    ),
    near_miss(
        "E9711",
        "the source is polled, and there is no webhook",
        remove("SourceWebhook", "WebhookSecret"),
        put("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges", True),
    ),
    near_miss("E9712", "GitHub is told by a string", put("SourceWebhook/RegisterWithThirdParty", "true")),
    near_miss(
        "E9713",
        "source action and webhook have another name",
        put("SourceWebhook/TargetAction", "Checkout"),
        put("Pipeline/Stages/0/Actions/0/Name", "Checkout"),
    ),
    near_miss(
        "E9715",
        "the image definitions name the container",
        add(
            "Rolling",
            "AWS::CodeBuild::Project",
            Name=sub("${StagePrefix}-rolling"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={"Type": "NO_SOURCE", "BuildSpec": ROLLING.replace("web", "phoenix")},
            Artifacts={"Type": "NO_ARTIFACTS"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
        ),
    ),
    near_miss(
        "E9716",
        "a repository beside a service with another image",
        add("Images", "AWS::ECR::Repository", PIPELINE, EmptyOnDelete=True),
    ),
    near_miss(
        "E9717",
        "the buildspec builds no image",
        put("BuildProject/Environment/PrivilegedMode", False),
        drop("BuildProject/Cache"),
        swap(BUILDSPEC, "docker build", "kaniko build"),
    ),
    near_miss(
        "E9718",
        "a project that no pipeline runs",
        add(
            "Nightly",
            "AWS::CodeBuild::Project",
            PIPELINE,
            Name=sub("${StagePrefix}-nightly"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={"Type": "GITHUB", "Location": "https://github.com/a/b"},
            Artifacts={"Type": "NO_ARTIFACTS"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
        ),
    ),
    near_miss(
        "E9719",
        "the source is an archive, and says so",
        put("Pipeline/Stages/0/Actions/0/Configuration/OutputArtifactFormat", "CODE_ZIP"),
    ),
    near_miss(
        "E9720",
        "the pipeline's own variables",
        put(f"{DEPLOY}/Configuration/ChangeSetName", "run-#{codepipeline.PipelineExecutionId}"),
    ),
    near_miss(
        "E9801",
        "a managed policy that reads only",
        put("TaskRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
    ),
    near_miss("E9802", "everything is denied", permit("BuildRole", "*", effect="Deny")),
    near_miss(
        "E9803",
        "roles of one path",
        limit(
            "PipelineRole",
            "iam:PassRole",
            att("DeployRole", "Arn"),
            sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/phoenix/*"),
        ),
    ),
    near_miss(
        "E9805",
        "anybody in this organization may assume a role",
        put(
            "TaskRole/AssumeRolePolicyDocument/Statement/1",
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
        ),
    ),
    near_miss(
        "E9807",
        "the build's rights are a policy of their own",
        drop("BuildRole/Policies"),
        add(
            "Rights",
            "AWS::IAM::Policy",
            PIPELINE,
            PolicyName="rights",
            Roles=[ref("BuildRole")],
            PolicyDocument={"Statement": [{"Effect": "Allow", "Action": ["logs:*", "s3:*", "ecr:*"], "Resource": "*"}]},
        ),
    ),
    near_miss(
        "E9808",
        "an action runs by a role of its own",
        forbid("PipelineRole", "codebuild:StartBuild"),
        put("Pipeline/Stages/1/Actions/0/RoleArn", "arn:aws:iam::123456789012:role/build"),
    ),
    near_miss(
        "E9809",
        "the deploy role lies elsewhere",
        put(f"{DEPLOY}/Configuration/RoleArn", "arn:aws:iam::123456789012:role/deploy"),
    ),
    near_miss(
        "E9810",
        "the function's role has AWS's policy",
        forbid("BucketEmptierRole", "logs:PutLogEvents"),
        put(
            "BucketEmptierRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
        ),
    ),
    near_miss(
        "E9903",
        "a repository with slashes and dots",
        put("Repository/RepositoryName", sub("${StagePrefix}/phoenix.web_1")),
    ),
    near_miss(
        "E9904", "an export of the stage", put("/Outputs/ApplicationUrl/Export", {"Name": sub("${StagePrefix}-url")})
    ),
    near_miss(
        "E9905",
        "the stack is named after the pipeline's stack",
        put(f"{DEPLOY}/Configuration/StackName", sub("${AWS::StackName}-infrastructure")),
    ),
    near_miss(
        "E9953",
        "a bucket without versions",
        drop("ArtifactBucket/VersioningConfiguration"),
        forbid("BucketEmptierRole", "s3:DeleteObjectVersion"),
    ),
    near_miss(
        "E9956",
        "a log group is kept, its name is CloudFormation's",
        put("BucketEmptierLogGroup:/DeletionPolicy", "Retain"),
        drop("BucketEmptierLogGroup/LogGroupName"),
    ),
    # The application among other containers
    near_miss("E9120 E9213", "a proxy stands before the application", *PROXY),
    fault(
        "E9120 E9213",
        "neither proxy nor application is told DB_CONNECTION_STRING",
        *PROXY,
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
    ),
    near_miss(
        "E9213",
        "the task definition of another service is not here, and may be the application's",
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
        put("/Parameters/OtherTask", {"Type": "String", "Default": ""}),
        add(
            "Other",
            "AWS::ECS::Service",
            whole={"DependsOn": "Listener"},
            Cluster=ref("Cluster"),
            TaskDefinition=ref("OtherTask"),
            DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
            LoadBalancers=[{"ContainerName": "other", "ContainerPort": 8080, "TargetGroupArn": ref("TargetGroup")}],
        ),
    ),
    fault(
        "E9201",
        "the database admits nobody, and the connection string lies elsewhere",
        put(f"{CONTAINER}/Secrets/0/ValueFrom", {"Fn::ImportValue": "connection"}),
        put("DatabaseSecurityGroup/SecurityGroupIngress", []),
    ),
    # Parts of a service that lie in another stack
    near_miss(
        "E9601",
        "a nested stack scales the service",
        UNSCALED,
        add(
            "Scaling",
            "AWS::CloudFormation::Stack",
            TemplateURL="https://bucket.s3.amazonaws.com/scaling.yml",
            Parameters={"Service": att("Service", "Name")},
        ),
    ),
    near_miss(
        "E9506 E9601",
        "the template is a nested stack of another one",
        UNSCALED,
        remove("CpuPeakAlarm"),
        put("Dashboard/DashboardBody", "{}"),
        file(
            "templates/root.yml",
            {
                "Resources": {
                    "A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "Infrastructure.yml"}}
                }
            },
        ),
    ),
    fault(
        "E9601",
        "nothing scales the service, and another template is a nested stack",
        UNSCALED,
        file(
            "templates/root.yml",
            {
                "Resources": {
                    "A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "My-Infrastructure.yml"}}
                }
            },
        ),
    ),
    near_miss(
        "E9601",
        "a macro may scale the service",
        UNSCALED,
        put("/Transform", ["Company::Scaling"]),
        put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND"),
    ),
    near_miss(
        "E9601",
        "an included file may scale the service",
        UNSCALED,
        put("/Resources/Fn::Transform", {"Name": "AWS::Include"}),
    ),
    fault(
        "E9601",
        "nothing scales the service, and AWS's own macro adds nothing",
        UNSCALED,
        put("/Transform", "AWS::LanguageExtensions"),
        put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND"),
    ),
    near_miss(
        "E9601",
        "the listener lies in another stack",
        UNSCALED,
        *BY_RULE,
        remove("Listener"),
        put("/Parameters/ListenerArn", {"Type": "String", "Default": ""}),
        put("Everything/ListenerArn", ref("ListenerArn")),
        put("Service:/DependsOn", ["Everything"]),
    ),
    # Names that mappings and conditions choose
    near_miss("E9901", "a mapping knows each stage's name", *STAGES, put("AlarmTopic/TopicName", BY_STAGE)),
    near_miss(
        "E9901",
        "a condition chooses a part of the name",
        put(
            "AlarmTopic/TopicName",
            {"Fn::Sub": ["phoenix-${Part}", {"Part": {"Fn::If": ["HasNotificationEmail", "told", "untold"]}}]},
        ),
    ),
    near_miss(
        "E9901",
        "a condition chooses the name",
        put("AlarmTopic/TopicName", {"Fn::If": ["HasNotificationEmail", "told", "untold"]}),
    ),
    near_miss(
        "E9901",
        "a list of a parameter has the name",
        put("/Parameters/Topics", {"Type": "String", "Default": "alarms,runs"}),
        put("AlarmTopic/TopicName", {"Fn::Select": [0, {"Fn::Split": [",", ref("Topics")]}]}),
    ),
    fault(
        "E9901",
        "a mapping gives one name to all stages",
        STAGES[1],
        put("AlarmTopic/TopicName", {"Fn::FindInMap": ["Names", "small", "Name"]}),
    ),
    fault(
        "E9901",
        "a variable of a Sub is the same in all stages",
        put("AlarmTopic/TopicName", {"Fn::Sub": ["phoenix-${Part}", {"Part": "alarms"}]}),
    ),
    near_miss(
        "E9904",
        "a mapping knows each stage's export",
        *STAGES,
        put("/Outputs/ApplicationUrl/Export", {"Name": BY_STAGE}),
    ),
    near_miss(
        "E9905",
        "a mapping knows each stage's stack",
        put("P/Parameters/Size", {"Type": "String", "Default": "small"}),
        put("P/Mappings", {"Names": {"small": {"Name": "phoenix-small"}}}),
        put(f"{DEPLOY}/Configuration/StackName", BY_STAGE),
    ),
    # Engines that retry writes
    *(
        near_miss(
            "E9207",
            f"DocumentDB {version} retries writes",
            *engine(version),
            swap(CONNECTION, "&retryWrites=false", ""),
        )
        for version in ("8.0.2", "8.0", "8.1.0", "10.0.0")
    ),
    near_miss(
        "E9207",
        "the newest DocumentDB retries writes",
        drop("DatabaseCluster/EngineVersion"),
        swap(CONNECTION, "&retryWrites=false", ""),
    ),
    *(
        fault(
            "E9207",
            f"DocumentDB {version} refuses retryable writes, and the connection string asks for them",
            *engine(version),
            swap(CONNECTION, "retryWrites=false", "retryWrites=true"),
        )
        for version in ("8.0.1", "5.0", "3.6.0")
    ),
    # What other containers and other load balancers do
    near_miss(
        "E9110",
        "another container of the task answers the health check",
        put("TargetGroup/HealthCheckPort", "9000"),
        put(
            "TaskDefinition/ContainerDefinitions/1",
            {"Name": "health", "Image": "health", "PortMappings": [{"ContainerPort": 9000}]},
        ),
    ),
    near_miss(
        "E9306",
        "a Network Load Balancer's timeout is its interval",
        put("TargetGroup/Protocol", "TCP"),
        put("TargetGroup/HealthCheckTimeoutSeconds", 10),
    ),
    # What the template does not tell
    near_miss(
        "E9105 E9106 W9109",
        "the container's name and port are in the Parameter Store",
        put("Service/LoadBalancers/0/ContainerName", "{{resolve:ssm:/phoenix/name}}"),
        put("Service/LoadBalancers/0/ContainerPort", "{{resolve:ssm:/phoenix/port}}"),
    ),
    near_miss(
        "E9105",
        "a part of the container's name is in the Parameter Store",
        put("Service/LoadBalancers/0/ContainerName", sub("{{resolve:ssm:/${StagePrefix}/name}}-1")),
    ),
    near_miss(
        "E9219 E9220",
        "a parameter names a secret in an ARN",
        API_TOKEN,
        put(
            f"{CONTAINER}/Secrets/1",
            {
                "Name": "API_TOKEN",
                "ValueFrom": sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ApiToken}"),
            },
        ),
    ),
    near_miss(
        "E9219 E9220",
        "a parameter names a parameter of the Parameter Store",
        API_TOKEN,
        permit("TaskExecutionRole", "ssm:GetParameters"),
        put(f"{CONTAINER}/Secrets/1", {"Name": "API_TOKEN", "ValueFrom": ref("ApiToken")}),
    ),
    near_miss(
        "E9219 E9220",
        "a parameter names a secret in a policy",
        API_TOKEN,
        permit(
            "TaskExecutionRole",
            "secretsmanager:GetSecretValue",
            resource=sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ApiToken}-??????"),
        ),
    ),
    fault(
        "E9216 E9219 E9220",
        "a parameter is a token with a default",
        API_TOKEN,
        put(f"{CONTAINER}/Environment/3", {"Name": "TOKEN", "Value": ref("ApiToken")}),
    ),
    near_miss(
        "E9402",
        "a parameter names the log group of another stack",
        put("/Parameters/LogGroup", {"Type": "String", "Default": "/shared/phoenix"}),
        put(f"{CONTAINER}/LogConfiguration/Options/awslogs-group", ref("LogGroup")),
    ),
    near_miss(
        "E9211",
        "the application has a user of its own",
        swap(CONNECTION, "${MongoDBMasterUsername}", "phoenix"),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "phoenix-user:SecretString:password"),
    ),
    near_miss(
        "E9121",
        "a domain of one's own leads to the application",
        put("/Parameters/Domain", {"Type": "String", "Default": "example.com"}),
        put("/Outputs/ApplicationUrl/Value", sub("https://phoenix.${Domain}")),
    ),
    fault(
        "E9121",
        "the only link in the outputs leads to something else",
        put("/Outputs/DashboardUrl/Value", sub("https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home")),
        put("/Outputs/ApplicationUrl/Value", sub("https://${DatabaseCluster.Endpoint}")),
    ),
    # A permissions boundary is not a grant
    near_miss("E9802 E9803 E9215", "a permissions boundary allows everything", *BOUNDARY),
    fault(
        "E9802",
        "a permissions boundary is a policy of the role, too",
        *BOUNDARY,
        put("TaskRole/ManagedPolicyArns", [ref("Boundary")]),
    ),
    # What looks like the right thing
    fault(
        "E9117",
        "the service waits for the listener, not for the rule that forwards",
        *BY_RULE,
        put("Service:/DependsOn", ["Listener"]),
    ),
    fault(
        "E9720",
        "a namespace that only the console gives",
        swap(OVERRIDES, "${NotificationEmail}", "#{BuildVariables.EMAIL}"),
    ),
]

FAULTS = [case for case in CASES if case.rules]
NEAR_MISSES = [case for case in CASES if not case.rules]
