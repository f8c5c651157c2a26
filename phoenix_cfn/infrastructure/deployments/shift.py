"""The common part of blue/green, canary and linear deployments: ECS shifts requests between two target groups."""

from __future__ import annotations

from typing import Any

from awacs import elasticloadbalancing as elb
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Parameter, Ref
from troposphere.cloudwatch import Alarm
from troposphere.ecs import AdvancedConfiguration
from troposphere.elasticloadbalancingv2 import (
    Condition,
    ForwardConfig,
    HttpHeaderConfig,
    ListenerRule,
    ListenerRuleAction,
    PathPatternConfig,
    TargetGroup,
    TargetGroupTuple,
)
from troposphere.iam import Role

from phoenix_cfn.infrastructure.deployments import Deployment, by_ecs, ecs_load_balancer
from phoenix_cfn.infrastructure.deployments.smoke_test import TEST_HEADER, TEST_VALUE, ecs_hook
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.roles import bounded_role
from phoenix_cfn.scope import Scope, part


@part
def shifting(
    scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter, strategy: dict[str, Any]
) -> Deployment:
    """`strategy`: the part of the service's deployment configuration for the shift."""
    chosen = scope.settings.deployment
    assert load_balancing.alternate is not None
    production = _rule(
        scope,
        "ProductionRule",
        load_balancing,
        priority=2,
        condition=Condition(Field="path-pattern", PathPatternConfig=PathPatternConfig(Values=["/*"])),
    )
    rules = [production]
    test: dict[str, Any] = {}
    if chosen.smoke_test_path:
        header = HttpHeaderConfig(HttpHeaderName=TEST_HEADER, Values=[TEST_VALUE])
        condition = Condition(Field="http-header", HttpHeaderConfig=header)
        rules.append(_rule(scope, "TestRule", load_balancing, priority=1, condition=condition))
        test = {"TestListenerRule": Ref(rules[-1])}
        strategy = {**strategy, "LifecycleHooks": [ecs_hook(scope, load_balancing, boundary)]}
    role = _traffic_role(scope, load_balancing, boundary, rules)
    advanced = AdvancedConfiguration(
        AlternateTargetGroupArn=Ref(load_balancing.alternate),
        ProductionListenerRule=Ref(production),
        RoleArn=GetAtt(role, "Arn"),
        **test,
    )
    return Deployment(
        load_balancers=[ecs_load_balancer(scope, load_balancing, AdvancedConfiguration=advanced)],
        properties=by_ecs(alarms, **strategy, BakeTimeInMinutes=chosen.bake_minutes),
        waits_for=[load_balancing.listener],
    )


def _rule(scope: Scope, title: str, load_balancing: LoadBalancing, priority: int, condition: Condition) -> ListenerRule:
    """A listener rule whose weights ECS changes in every deployment.

    CloudFormation updates a rule only if its properties change, and would then forward all requests to a group that may
    have no tasks. So the properties depend on no setting. The rule has both groups: they are deleted after it.
    """
    assert load_balancing.alternate is not None
    weights: dict[TargetGroup, int] = {load_balancing.target_group: 100, load_balancing.alternate: 0}
    groups = [TargetGroupTuple(TargetGroupArn=Ref(group), Weight=weight) for group, weight in weights.items()]
    return scope.add(
        ListenerRule(
            title,
            ListenerArn=Ref(load_balancing.listener),
            Priority=priority,
            Conditions=[condition],
            Actions=[ListenerRuleAction(Type="forward", ForwardConfig=ForwardConfig(TargetGroups=groups))],
        )
    )


def _traffic_role(scope: Scope, load_balancing: LoadBalancing, boundary: Parameter, rules: list[ListenerRule]) -> Role:
    """The role of ECS to shift requests from one version to another.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    return bounded_role(
        scope,
        "TrafficRole",
        "ecs",
        boundary,
        Statement(
            Sid="ReadTheLoadBalancer",
            Effect=Allow,
            Action=[elb.DescribeListeners, elb.DescribeRules, elb.DescribeTargetGroups, elb.DescribeTargetHealth],
            # These actions have no resource level.
            Resource=["*"],
        ),
        Statement(
            Sid="RegisterTasks",
            Effect=Allow,
            Action=[elb.DeregisterTargets, elb.RegisterTargets],
            Resource=[Ref(group) for group in load_balancing.target_groups],
        ),
        Statement(
            Sid="ShiftRequests",
            Effect=Allow,
            Action=[elb.ModifyListener, elb.ModifyRule],
            Resource=[Ref(load_balancing.listener), *map(Ref, rules)],
        ),
    )
