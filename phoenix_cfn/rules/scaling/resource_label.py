from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import TARGET, predefined, scaled_service, tracking
from phoenix_cfn.rules._service import target_groups

FULL_NAMES = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "LoadBalancerFullName",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "TargetGroupFullName",
}


class ResourceLabel(Rule):
    """The ResourceLabel of ALBRequestCountPerTarget consists of the full names of the load balancer and of the target
    group that the scaled service registers with.

    Risk: Application Auto Scaling refuses the policy, or scales on the requests of another target group.

    Fix: Use ${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}.
    """

    id = "E9604"
    shortdesc = "Request scaling measures the service's target group"
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"
    )
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            if predefined(policy) != "ALBRequestCountPerTarget":
                continue
            specification = tracking(policy)["PredefinedMetricSpecification"]
            label = specification["ResourceLabel"]
            value = label.text
            if not label.given:
                yield finding(specification, "ALBRequestCountPerTarget needs a ResourceLabel")
            refs = value.refs if value is not None else ()
            named = [(ref, stack.resources[ref.name]) for ref in refs if ref.name in stack.resources]
            wrong = [str(ref) for ref, resource in named if ref.attribute != FULL_NAMES.get(resource.type)]
            if wrong:
                yield finding(label, f"{' and '.join(wrong)}: not the full name of a load balancer or a target group")
            kinds, between = [resource.type for _, resource in named], value.plain if value is not None else ""
            if not wrong and set(kinds) == set(FULL_NAMES) and (kinds != list(FULL_NAMES) or between != "/"):
                yield finding(
                    label, "Expected the load balancer's full name, a slash, and the target group's full name"
                )
            target = stack.resource(policy["ScalingTargetId"], TARGET)
            service = scaled_service(stack, target["ResourceId"]) if target is not None else None
            own = [group.id for group in target_groups(service)] if service is not None else []
            for _, resource in named:
                if own and resource.type.endswith("::TargetGroup") and resource.id not in own:
                    yield finding(label, f"{resource.id} is not the target group of the scaled service")
