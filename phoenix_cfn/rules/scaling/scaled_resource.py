from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import TARGET, named
from phoenix_cfn.rules._wires import parted


class ScaledResource(Rule):
    """The ResourceId of a scalable target is service/<cluster name>/<service name>.

    Risk: Registering the scalable target fails, or another service scales.

    Fix: Use service/${Cluster}/${Service.Name}; Ref of a service is its ARN.
    """

    id = "E9605"
    shortdesc = "The scalable target is the service"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for target in stack.of(TARGET):
            if target["ServiceNamespace"].literal != "ecs":
                continue
            node = target["ResourceId"]
            value = node.text
            if value is None or value.reference is not None or any(ref.name.startswith("Fn::") for ref in value.refs):
                continue
            parts = named(stack, value)
            if parts is None:
                if value.literal is not None or value.plain.startswith("service"):
                    yield finding(node, f"{value} is not of the form service/cluster/service")
                continue
            for part, kind, right in (
                (parts[0], "AWS::ECS::Cluster", ("",)),
                (parts[1], "AWS::ECS::Service", ("Name",)),
            ):
                ref = part.reference
                resource = stack.resources.get(ref.name) if ref is not None else None
                if ref is not None and resource is not None and (resource.type != kind or ref.attribute not in right):
                    yield finding(node, f"{ref} is not the name of an {kind}")
                others = stack.of(kind)
                if resource is None and others and all(parted(stack, stack.name_of(one), part) for one in others):
                    yield finding(node, f"No {kind} of this template is named {part}")
