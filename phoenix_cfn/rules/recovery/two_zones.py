from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import all_known, one_zone, subnets
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, services


class TwoZones(Rule):
    """The subnets of a load balancer, of a service and of a database's subnet group are in at least two Availability
    Zones.

    Risk: The failure of one zone interrupts the application; AWS refuses a load balancer or a database in one zone.

    Fix: Use two subnets with AvailabilityZone from Fn::GetAZs, indices 0 and 1.
    """

    id = "E9304"
    shortdesc = "Load balancer, tasks and database are in two Availability Zones"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        places = [(service, network(service)["Subnets"]) for service in services(stack)]
        places += [(one, one["Subnets"]) for one in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer")]
        places += [(one, one["SubnetIds"]) for one in stack.of("AWS::DocDB::DBSubnetGroup")]
        for owner, node in places:
            if all_known(stack, node, "AWS::EC2::Subnet") and one_zone(subnets(stack, node)):
                yield finding(node, f"All subnets of {owner.id} are in one Availability Zone")
