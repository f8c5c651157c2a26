"""Faults and near misses: the path of a request to the application."""

from __future__ import annotations

from tests.rules.corpus.parts import BY_RULE, CONTAINER
from tests.rules.house import (
    Case,
    Change,
    Template,
    add,
    att,
    deploying,
    drop,
    fault,
    near_miss,
    permit,
    put,
    ref,
    remove,
    sub,
)

ANYWHERE: Template = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
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

CASES: list[Case] = [
    fault(
        "E9101",
        "the load balancer's security group allows no ingress",
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
        "the service's second listener allows no ingress",
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
        "the source of the ingress is a parameter",
        put("/Parameters/From", {"Type": "String", "Default": ""}),
        put("LoadBalancerSecurityGroup/SecurityGroupIngress/0/CidrIp", ref("From")),
    ),
    fault("E9101", "the load balancer has no security group", drop("LoadBalancer/SecurityGroups")),
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
    fault("E9104", "the target group does not set its target type", drop("TargetGroup/TargetType")),
    near_miss(
        "E9104",
        "the kind of target is a parameter",
        put("/Parameters/Kind", {"Type": "String", "Default": "ip"}),
        put("TargetGroup/TargetType", ref("Kind")),
    ),
    fault(
        "E9105",
        "the service names another container",
        put("Service/LoadBalancers/0/ContainerName", "web"),
    ),
    fault("E9105", "the task definition's container is renamed", put(f"{CONTAINER}/Name", "app")),
    near_miss(
        "E9105",
        "a sidecar beside the container",
        put("TaskDefinition/ContainerDefinitions/1", {"Name": "agent", "Image": "agent", "Essential": False}),
    ),
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
    near_miss("W9109", "the target group's port is spelled", put("TargetGroup/Port", 8080)),
    fault("E9110", "the health check uses another port", put("TargetGroup/HealthCheckPort", "9000")),
    near_miss("E9110", "the health check uses the traffic port", put("TargetGroup/HealthCheckPort", "traffic-port")),
    near_miss(
        "E9110",
        "another container of the task answers the health check",
        put("TargetGroup/HealthCheckPort", "9000"),
        put(
            "TaskDefinition/ContainerDefinitions/1",
            {"Name": "health", "Image": "health", "PortMappings": [{"ContainerPort": 9000}]},
        ),
    ),
    fault("E9111", "the health check requests /generatecert", put("TargetGroup/HealthCheckPath", "/generatecert")),
    fault("E9111", "the health check requests /crash/", put("TargetGroup/HealthCheckPath", "/crash/?x=1")),
    fault(
        "E9111",
        "the container's own health check requests /crash",
        put(f"{CONTAINER}/HealthCheck", {"Command": ["CMD-SHELL", "curl -f http://localhost:8080/crash || exit 1"]}),
    ),
    near_miss("E9111", "the health check requests /", put("TargetGroup/HealthCheckPath", "/")),
    fault(
        "E9111",
        "the alternate target group's health check requests /crash",
        deploying("canary"),
        put("AlternateTargetGroup/HealthCheckPath", "/crash"),
    ),
    fault(
        "E9112",
        "the load balancer is in private subnets",
        put("LoadBalancer/Subnets", [ref("PrivateSubnetA"), ref("PrivateSubnetB")]),
    ),
    fault(
        "E9112 E9115",
        "a public subnet is not associated with the public route table",
        remove("PublicSubnetARouteTableAssociation"),
    ),
    near_miss(
        "E9112",
        "the load balancer's subnets are parameters",
        put("/Parameters/Public", {"Type": "List<AWS::EC2::Subnet::Id>", "Default": ""}),
        put("LoadBalancer/Subnets", ref("Public")),
    ),
    fault(
        "E9113",
        "the tasks are in isolated subnets",
        put(
            "Service/NetworkConfiguration/AwsvpcConfiguration/Subnets", [ref("IsolatedSubnetA"), ref("IsolatedSubnetB")]
        ),
    ),
    fault("E9113", "a private subnet has no default route", remove("PrivateDefaultRouteA")),
    fault(
        "E9113",
        "the tasks are in public subnets without public addresses",
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
        "the tasks' security group allows no HTTPS",
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
    near_miss(
        "E9114",
        "public addresses are not set",
        drop("Service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"),
    ),
    fault("E9115", "a NAT gateway is in a private subnet", put("NatGatewayA/SubnetId", ref("PrivateSubnetA"))),
    near_miss(
        "E9115",
        "a NAT gateway of the whole region",
        drop("NatGatewayA/SubnetId"),
        put("NatGatewayA/AvailabilityMode", "regional"),
        put("NatGatewayA/VpcId", ref("Vpc")),
    ),
    fault(
        "E9116",
        "the internet gateway is not attached",
        remove("InternetGatewayAttachment"),
    ),
    fault("E9116", "the route does not wait for the attachment", drop("PublicDefaultRoute:/DependsOn")),
    near_miss(
        "E9116",
        "the route waits for the attachment among others",
        put("PublicDefaultRoute:/DependsOn", ["Vpc", "InternetGatewayAttachment"]),
    ),
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
        "E9117",
        "the service waits for the listener, not for the rule that forwards",
        *BY_RULE,
        put("Service:/DependsOn", ["Listener"]),
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
    near_miss("E9119", "a second network that nothing uses", add("OtherVpc", "AWS::EC2::VPC", CidrBlock="10.1.0.0/16")),
    fault("E9120", "the container has no PORT", put(f"{CONTAINER}/Environment/1/Name", "SERVER_PORT")),
    fault("E9120", "PORT is another port", put(f"{CONTAINER}/Environment/1/Value", "3000")),
    fault("E9120", "PORT is a literal, the port is a parameter", put(f"{CONTAINER}/Environment/1/Value", "8080")),
    near_miss("E9120", "PORT by Fn::Sub", put(f"{CONTAINER}/Environment/1/Value", sub("${ContainerPort}"))),
    near_miss("E9120 E9213", "a proxy in front of the application", *PROXY),
    fault(
        "E9120 E9213",
        "neither proxy nor application has DB_CONNECTION_STRING",
        *PROXY,
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
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
    fault("E9122", "the service registers with no target group", drop("Service/LoadBalancers")),
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
    fault("E9131", "a network of loopback addresses", put("Vpc/CidrBlock", "127.0.0.0/16")),
    fault("E9131", "a network that is too large", put("Vpc/CidrBlock", "10.0.0.0/8")),
    near_miss("E9131", "a network of shared addresses", put("Vpc/CidrBlock", "100.64.0.0/16")),
]
