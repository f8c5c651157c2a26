"""The corrections of updates: what replaces a resource, and what the events say."""

from __future__ import annotations

from typing import Any

from tests.local.aws.lab import Lab


def group(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, **properties}}


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def vpc(network: str) -> dict[str, Any]:
    return {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": network}}


def events(lab: Lab, stack: str) -> list[tuple[str, str]]:
    """Of the resources, oldest first: logical id and status."""
    found = lab.cloudformation.describe_stack_events(StackName=stack)["StackEvents"][::-1]
    return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in found if each["LogicalResourceId"] != stack]


def test_create_only_properties_replace(lab: Lab) -> None:
    stack = lab.begin({"Vpc": vpc("10.1.0.0/16")})
    assert lab.settled(stack) == "CREATE_COMPLETE"
    before = lab.resources(stack)["Vpc"]
    assert lab.update(stack, {"Vpc": vpc("10.2.0.0/16")}) == "UPDATE_COMPLETE"
    assert lab.resources(stack)["Vpc"] != before
    blocks = {each["CidrBlock"] for each in lab.aws.client("ec2").describe_vpcs()["Vpcs"]}
    assert "10.2.0.0/16" in blocks
    assert "10.1.0.0/16" not in blocks


def test_replacements_need_another_name(lab: Lab) -> None:
    def application(platform: str) -> dict[str, Any]:
        properties = {"ApplicationName": "lab-application", "ComputePlatform": platform}
        return {"Application": {"Type": "AWS::CodeDeploy::Application", "Properties": properties}}

    stack = lab.begin(application("ECS"))
    assert lab.settled(stack) == "CREATE_COMPLETE", lab.reasons(stack)
    assert lab.update(stack, application("Lambda")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing. Rename lab-application" in lab.reasons(stack)


def test_events_say_what_happens(lab: Lab) -> None:
    resources = {"Stays": topic(), "Changes": topic(), "Goes": topic()}
    stack = lab.begin(resources)
    assert lab.settled(stack) == "CREATE_COMPLETE"
    before = len(events(lab, stack))
    changed = {"Stays": topic(), "Changes": topic(DisplayName="changed"), "Comes": topic()}
    assert lab.update(stack, changed) == "UPDATE_COMPLETE"
    found = events(lab, stack)[before:]
    assert sorted(each for each in found if each[0] != "Goes") == [
        ("Changes", "UPDATE_COMPLETE"),
        ("Changes", "UPDATE_IN_PROGRESS"),
        ("Comes", "CREATE_COMPLETE"),
        ("Comes", "CREATE_IN_PROGRESS"),
    ]


def test_events_of_what_fails(lab: Lab) -> None:
    stack = lab.begin({"Stays": topic(), "Group": group("/lab/updates")})
    assert lab.settled(stack) == "CREATE_COMPLETE"
    before = len(events(lab, stack))
    wrong = {"Stays": topic(), "Group": group("/lab/updates", RetentionInDays=8)}
    assert lab.update(stack, wrong) == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Group", "UPDATE_FAILED") in events(lab, stack)[before:]
    assert "Stays" not in dict(events(lab, stack)[before:])
