"""Who may connect to whom."""

from __future__ import annotations

from tests.stack import Stack, get_att, ref


def test_the_internet_reaches_the_load_balancer_on_port_80_only(infrastructure_stack: Stack) -> None:
    open_to_all = {
        (title, rule["FromPort"], rule["ToPort"])
        for title, group in infrastructure_stack.of_type("AWS::EC2::SecurityGroup").items()
        for rule in group["SecurityGroupIngress"]
        if "CidrIp" in rule
    }
    assert open_to_all == {("LoadBalancerSecurityGroup", 80, 80)}


def test_each_tier_lets_in_only_the_one_before_it(infrastructure_stack: Stack) -> None:
    for group, source, port in (
        ("TaskSecurityGroup", "LoadBalancerSecurityGroup", "ContainerPort"),
        ("DatabaseSecurityGroup", "TaskSecurityGroup", "MongoDBPort"),
    ):
        (rule,) = infrastructure_stack.properties(group)["SecurityGroupIngress"]
        assert rule["SourceSecurityGroupId"] == get_att(source, "GroupId")
        assert rule["FromPort"] == rule["ToPort"] == ref(port)


def test_each_tier_connects_only_to_the_next(infrastructure_stack: Stack) -> None:
    ways = {
        (each["GroupId"]["Fn::GetAtt"][0], each["DestinationSecurityGroupId"]["Fn::GetAtt"][0], each["FromPort"]["Ref"])
        for each in infrastructure_stack.of_type("AWS::EC2::SecurityGroupEgress").values()
    }
    assert ways == {
        ("LoadBalancerSecurityGroup", "TaskSecurityGroup", "ContainerPort"),
        ("TaskSecurityGroup", "DatabaseSecurityGroup", "MongoDBPort"),
    }
    (to_aws,) = infrastructure_stack.properties("TaskSecurityGroup")["SecurityGroupEgress"]
    assert (to_aws["FromPort"], to_aws["ToPort"]) == (443, 443)
    # Without any rule of its own a group may connect to everywhere.
    for group in ("LoadBalancerSecurityGroup", "DatabaseSecurityGroup"):
        (nowhere,) = infrastructure_stack.properties(group)["SecurityGroupEgress"]
        assert nowhere["CidrIp"] == "127.0.0.1/32"


def test_every_rule_is_described(infrastructure_stack: Stack) -> None:
    rules = [
        rule
        for group in infrastructure_stack.of_type("AWS::EC2::SecurityGroup").values()
        for rule in group["SecurityGroupIngress"] + group.get("SecurityGroupEgress", [])
    ]
    rules += infrastructure_stack.of_type("AWS::EC2::SecurityGroupEgress").values()
    assert all(rule["Description"] for rule in rules)
