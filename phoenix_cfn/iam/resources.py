"""The ARNs of what a template creates, as far as they are known before it is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# CloudFormation names what has no name `<stack>-<logical id>-<random>`, and shortens that where it exceeds the limit.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
_RANDOM_ENDING = len("-") + 13
# Secrets Manager adds a hyphen and six characters to a secret's name.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_secret
_SECRET_ENDING = "-??????"

_REGIONAL, _GLOBAL = "${AWS::Region}", ""


@dataclass(frozen=True)
class Name:
    """The property that names a resource, and the characters that AWS allows."""

    property: str
    limit: int
    lower: bool = False


@dataclass(frozen=True)
class Owned:
    """A kind of resource, such as `ecs:cluster`, that comes with a resource of the template.

    `path` is what follows the account in its ARN: `{name}` stands for its name, `{Property}` for that of a property,
    `*` for what AWS makes up. It counts only where the template does not set `unless`. A `part` comes along with the
    resource and carries none of its tags.
    """

    kind: str
    path: str
    region: str = _REGIONAL
    unless: str = ""
    part: bool = False

    @property
    def service(self) -> str:
        return self.kind.partition(":")[0]


NAMES = {
    "AWS::CloudWatch::Alarm": Name("AlarmName", 255),
    "AWS::CloudWatch::Dashboard": Name("DashboardName", 255),
    "AWS::DocDB::DBCluster": Name("DBClusterIdentifier", 63, lower=True),
    "AWS::DocDB::DBClusterParameterGroup": Name("Name", 255, lower=True),
    "AWS::DocDB::DBInstance": Name("DBInstanceIdentifier", 63, lower=True),
    "AWS::DocDB::DBSubnetGroup": Name("DBSubnetGroupName", 255, lower=True),
    "AWS::ECS::Cluster": Name("ClusterName", 255),
    "AWS::ECS::TaskDefinition": Name("Family", 255),
    "AWS::IAM::Role": Name("RoleName", 64),
    "AWS::Logs::LogGroup": Name("LogGroupName", 512),
    "AWS::SNS::Topic": Name("TopicName", 256),
    # Secrets without a name are not named after the stack.
    "AWS::SecretsManager::Secret": Name("Name", 0),
}

# Every type that this project knows more of than the schemas say: what it creates. A type that is not here may act on
# anything of its kind in this account and region.
OWNED: dict[str, tuple[Owned, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        Owned("application-autoscaling:scalabletarget", "scalable-target/*"),
        # The alarms that target tracking makes.
        Owned("cloudwatch:alarm", "alarm:TargetTracking-{ResourceId}*"),
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (),
    "AWS::CloudWatch::Alarm": (Owned("cloudwatch:alarm", "alarm:{name}"),),
    "AWS::CloudWatch::Dashboard": (Owned("cloudwatch:dashboard", "dashboard/{name}", region=_GLOBAL),),
    "AWS::DocDB::DBCluster": (
        Owned("rds:cluster", "cluster:{name}"),
        Owned("rds:cluster-pg", "cluster-pg:default*", unless="DBClusterParameterGroupName"),
        Owned("rds:cluster-snapshot", "cluster-snapshot:*", part=True),
        Owned("rds:og", "og:default*"),
        Owned("rds:subgrp", "subgrp:default", unless="DBSubnetGroupName"),
    ),
    "AWS::DocDB::DBClusterParameterGroup": (Owned("rds:cluster-pg", "cluster-pg:{name}"),),
    "AWS::DocDB::DBInstance": (Owned("rds:db", "db:{name}"), Owned("rds:pg", "pg:default*")),
    "AWS::DocDB::DBSubnetGroup": (Owned("rds:subgrp", "subgrp:{name}"),),
    "AWS::EC2::EIP": (Owned("ec2:elastic-ip", "elastic-ip/*"),),
    "AWS::EC2::InternetGateway": (Owned("ec2:internet-gateway", "internet-gateway/*"),),
    "AWS::EC2::NatGateway": (Owned("ec2:natgateway", "natgateway/*"),),
    "AWS::EC2::Route": (),
    "AWS::EC2::RouteTable": (Owned("ec2:route-table", "route-table/*"),),
    "AWS::EC2::SecurityGroup": (
        Owned("ec2:security-group", "security-group/*"),
        Owned("ec2:security-group-rule", "security-group-rule/*", part=True),
    ),
    "AWS::EC2::SecurityGroupEgress": (Owned("ec2:security-group-rule", "security-group-rule/*", part=True),),
    "AWS::EC2::SecurityGroupIngress": (Owned("ec2:security-group-rule", "security-group-rule/*", part=True),),
    "AWS::EC2::Subnet": (Owned("ec2:subnet", "subnet/*"),),
    "AWS::EC2::SubnetRouteTableAssociation": (),
    "AWS::EC2::VPC": (Owned("ec2:vpc", "vpc/*"),),
    "AWS::EC2::VPCEndpoint": (Owned("ec2:vpc-endpoint", "vpc-endpoint/*"),),
    "AWS::EC2::VPCGatewayAttachment": (),
    "AWS::ECS::Cluster": (Owned("ecs:cluster", "cluster/{name}"),),
    "AWS::ECS::Service": (
        Owned("ecs:service", "service/{Cluster}/*"),
        Owned("ecs:service-deployment", "service-deployment/{Cluster}/*", part=True),
    ),
    "AWS::ECS::TaskDefinition": (Owned("ecs:task-definition", "task-definition/{name}:*"),),
    "AWS::ElasticLoadBalancingV2::Listener": (
        Owned("elasticloadbalancing:listener/app", "listener/*"),
        Owned("elasticloadbalancing:listener/net", "listener/*"),
        Owned("elasticloadbalancing:listener/gwy", "listener/*"),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        Owned("elasticloadbalancing:listener-rule/app", "listener-rule/*"),
        Owned("elasticloadbalancing:listener-rule/net", "listener-rule/*"),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        Owned("elasticloadbalancing:loadbalancer/app/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer/net/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer/gwy/", "loadbalancer/*"),
        Owned("elasticloadbalancing:loadbalancer", "loadbalancer/*"),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (Owned("elasticloadbalancing:targetgroup", "targetgroup/*"),),
    "AWS::IAM::Role": (Owned("iam:role", "role{path}", region=_GLOBAL),),
    "AWS::KMS::Key": (Owned("kms:key", "key/*"),),
    # CloudWatch Logs writes the ARN of a group with `:*` at its end for some actions and without for others.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    "AWS::Logs::LogGroup": (Owned("logs:log-group", "log-group:{name}*"),),
    "AWS::SNS::Subscription": (),
    "AWS::SNS::Topic": (Owned("sns:topic", "{name}"),),
    "AWS::SNS::TopicPolicy": (),
    "AWS::SecretsManager::Secret": (Owned("secretsmanager:secret", "secret:{name}" + _SECRET_ENDING),),
}

# Types whose Ref is an ARN, not a name.
_REF_IS_ARN = frozenset({"AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::ECS::TaskDefinition"})


class Template:
    """A template as plain data, and what is known of its values before it is deployed.

    `values` gives parameters and pseudo parameters as text, which may hold Fn::Sub variables of whatever template the
    policy is to stand in. Of what it does not give, parameters become `*`, and pseudo parameters stay variables; but a
    stack whose name is not given has no known names.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self.resources: dict[str, dict[str, Any]] = dict(template.get("Resources", {}))
        self._parameters: dict[str, dict[str, Any]] = dict(template.get("Parameters", {}))
        self._values = values
        self._stack = values.get("AWS::StackName")
        self.text = json.dumps(template)

    @property
    def stack_name(self) -> str | None:
        return self._stack

    def properties(self, logical_id: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.resources[logical_id].get("Properties", {})
        return properties

    def types(self) -> set[str]:
        return {resource["Type"] for resource in self.resources.values()}

    def of_type(self, resource_type: str) -> list[str]:
        return [each for each, resource in self.resources.items() if resource["Type"] == resource_type]

    def common_tags(self) -> dict[str, str]:
        """The tags with the same, known value on every resource that has tags at all."""
        tags = [
            {tag["Key"]: self.resolve(tag["Value"]) for tag in properties["Tags"]}
            for properties in map(self.properties, self.resources)
            if isinstance(properties.get("Tags"), list)
        ]
        shared = set.intersection(*(set(each.items()) for each in tags)) if tags else set()
        return {key: value for key, value in sorted(shared) if "*" not in value}

    def owned(self, logical_id: str) -> list[tuple[str, str]]:
        """Kind and ARN of what a resource creates."""
        properties = self.properties(logical_id)
        return [
            (each.kind, self._arn(each, logical_id))
            for each in OWNED.get(self.resources[logical_id]["Type"], ())
            if not (each.unless and each.unless in properties)
        ]

    def resolve(self, value: Any) -> str:
        """The text that a value will have, `*` for what is not known."""
        return re.sub(r"\*+", "*", self._resolve(value))

    def _resolve(self, value: Any) -> str:
        if not isinstance(value, dict):
            return str(value)
        if len(value) != 1:
            return "*"
        (function, argument), *_ = value.items()
        if function == "Ref":
            return self._reference(argument)
        if function == "Fn::GetAtt":
            return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
        if function == "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            return self._substitute(text, own)
        if function == "Fn::Join":
            return str(argument[0]).join(self._resolve(each) for each in argument[1])
        if function == "Fn::If":
            # A property that is sometimes left out has its value whenever it is there.
            branches = [each for each in argument[1:] if each != {"Ref": "AWS::NoValue"}]
            texts = {self._resolve(each) for each in branches}
            return texts.pop() if len(texts) == 1 else "*"
        return "*"

    def _substitute(self, text: str, own: Mapping[str, Any]) -> str:
        def known(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return self._resolve(own[name])
            return self._attribute(*name.split(".", 1)) if "." in name else self._reference(name)

        return re.sub(r"\$\{([^}]*)\}", known, text)

    def _reference(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        if name in self.resources:
            resource_type = self.resources[name]["Type"]
            if resource_type in _REF_IS_ARN:
                return self.owned(name)[0][1]
            return self._name(name) if resource_type in NAMES else "*"
        pseudo = name.startswith("AWS::") and name not in ("AWS::StackName", "AWS::StackId", "AWS::NoValue")
        return f"${{{name}}}" if pseudo else "*"

    def _attribute(self, logical_id: str, attribute: str) -> str:
        owned = self.owned(logical_id) if logical_id in self.resources else []
        return owned[-1][1] if attribute == "Arn" and owned else "*"

    def filled(self, text: str, logical_id: str) -> str:
        """A text with `{Property}`, `{name}` and `{path}` of a resource filled in; `*` for what is not known."""
        properties = self.properties(logical_id)

        def known(match: re.Match[str]) -> str:
            if match[1] == "name":
                return self._name(logical_id)
            if match[1] == "path":
                return self._role_path(logical_id)
            return self._resolve(properties[match[1]]) if match[1] in properties else "*"

        return re.sub(r"\*+", "*", re.sub(r"(?<!\$)\{(\w+)\}", known, text))

    def _arn(self, owned: Owned, logical_id: str) -> str:
        place = f"arn:${{AWS::Partition}}:{owned.service}:{owned.region}:${{AWS::AccountId}}:"
        return place + self.filled(owned.path, logical_id)

    def concrete(self, text: str) -> str:
        """The text with the pseudo parameters that are known."""
        return re.sub(r"\$\{(AWS::\w+)\}", lambda match: self._values.get(match[1], match[0]), text)

    def _name(self, logical_id: str) -> str:
        """The name as given, or as CloudFormation will make it where that is certain not to be shortened."""
        name = NAMES[self.resources[logical_id]["Type"]]
        properties = self.properties(logical_id)
        if name.property in properties:
            return self._resolve(properties[name.property])
        if self._stack is None or self._longest(self._stack) + 1 + len(logical_id) + _RANDOM_ENDING > name.limit:
            return "*"
        return (self._stack.lower() if name.lower and "${" not in self._stack else self._stack) + "-*"

    def _role_path(self, logical_id: str) -> str:
        """A role's path and name: the path alone tells enough where it is not everybody's."""
        properties = self.properties(logical_id)
        path = self._resolve(properties.get("Path", "/"))
        named = "RoleName" in properties or path == "/"
        return path + (self._name(logical_id) if named else "*")

    def _longest(self, text: str) -> float:
        """The most characters that a text with Fn::Sub variables can have."""
        length = float(len(re.sub(r"\$\{[^}]*\}", "", text)))
        for name in re.findall(r"\$\{([^}]*)\}", text):
            length += float(self._parameters.get(name, {}).get("MaxLength", "inf"))
        return length
