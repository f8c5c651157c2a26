"""CodeDeploy's corrections. One service for all tests, whose traffic each of them leaves with a task set that works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually, request
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.releases import ROLE, Release, app_spec, deployed_by_codedeploy
from tests.local.aws.sessions import client_of


@pytest.fixture(scope="module")
def release(aws: LocalAws, image: str) -> Iterator[Release]:
    """Deployed once."""
    lab = Lab(aws)
    yield Release(aws, lab, deployed_by_codedeploy(image))
    lab.clean()


def _page(release: Release, port: int = 80) -> str:
    return request(release.aws, f"{release.outputs['Url']}:{port}").body.decode().strip()


def _other(group: str) -> str:
    return {"Targets": "Others", "Others": "Targets"}[group]


def test_deployments_have_an_api(release: Release) -> None:
    """A release goes to the other target group by the configured steps, and the old task set leaves last."""
    [before] = release.weights()
    old = _page(release)
    deployment = release.deploy(release.revision("two"))
    with pytest.raises(ClientError, match=f"'lab' already has an active Deployment '{deployment}'"):
        release.deploy(release.revision("two"))
    eventually(lambda: release.weights() == {before: 75, _other(before): 25}, 60, "a quarter for the new version")
    pages = Counter(_page(release) for _ in range(80))
    assert set(pages) == {old, "two"}
    assert 5 <= pages["two"] <= 40
    assert len(release.service()["taskSets"]) == 2
    [target] = release.client.batch_get_deployment_targets(
        deploymentId=deployment, targetIds=release.client.list_deployment_targets(deploymentId=deployment)["targetIds"]
    )["deploymentTargets"]
    assert {each["trafficWeight"] for each in target["ecsTarget"]["taskSetsInfo"]} == {75.0, 25.0}
    eventually(lambda: release.weights() == {_other(before): 100}, 60, "all for the new version")
    assert release.info(deployment)["status"] == "InProgress"
    assert release.ended(deployment)["status"] == "Succeeded"
    [remaining] = release.service()["taskSets"]
    assert (remaining["status"], remaining["externalId"]) == ("PRIMARY", deployment)
    assert {_page(release) for _ in range(10)} == {"two"}
    listed = release.client.list_deployments(applicationName="lab", deploymentGroupName="lab")["deployments"]
    assert listed[0] == deployment


def test_a_hook_decides_before_any_user_sees_the_new_version(release: Release) -> None:
    """Test requests reach the new version while it is asked, users' do not. A function that dies decides, too."""
    [before] = release.weights()
    page = _page(release)
    for function, words in (("lab-failed", "answered Failed"), ("lab-raises", "a defect")):
        info = release.ended(release.deploy(release.revision("bad"), AfterAllowTestTraffic=function))
        assert info["status"] == "Failed"
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        assert words in info["errorInformation"]["message"]
        assert release.weights() == {before: 100}
        assert release.weights("TestListener") == {before: 100}
        assert len(release.service()["taskSets"]) == 1
        back = release.info(info["rollbackInfo"]["rollbackDeploymentId"])
        assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert {_page(release) for _ in range(10)} == {page}
    good = release.deploy(release.revision("three"), AfterAllowTestTraffic="lab-succeeded")
    eventually(lambda: release.weights("TestListener") == {_other(before): 100}, 60, "test requests go to it")
    assert release.ended(good)["status"] == "Succeeded"
    assert _page(release, 81) == "three"


def test_an_alarm_stops_a_deployment(release: Release) -> None:
    """Also in the time before the old tasks leave: traffic is back at once."""
    [before] = release.weights()
    page = _page(release)
    deployment = release.deploy(release.revision("with errors"))
    eventually(lambda: release.weights() == {_other(before): 100}, 60, "all for the new version")
    with release.ringing():
        info = release.ended(deployment)
        assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
        assert "Activated alarms: <lab-release>" in info["errorInformation"]["message"]
        assert release.weights() == {before: 100}
        assert {_page(release) for _ in range(10)} == {page}
        # One that is already in ALARM stops the next deployment as well.
        assert release.ended(release.deploy(release.revision("next")))["status"] == "Stopped"


def test_a_deployment_can_be_stopped(release: Release) -> None:
    [before] = release.weights()
    deployment = release.deploy(release.revision("never healthy", command=["sleep", "1000"]))
    eventually(lambda: len(release.service()["taskSets"]) == 2, 60, "a second task set")
    release.client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    info = release.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert release.weights() == {before: 100}
    with pytest.raises(ClientError, match="DeploymentAlreadyCompletedException"):
        release.client.stop_deployment(deploymentId=deployment)


def test_a_deployment_uses_the_role_of_its_group(release: Release, image: str) -> None:
    """What the role lacks fails the deployment, which goes back as far as the role can."""
    [before] = release.weights()
    for missing in ("ecs:CreateTaskSet", "elasticloadbalancing:ModifyListener", "iam:PassRole"):
        statements = [{**each, "Action": [action for action in each["Action"] if action != missing]} for each in ROLE]
        assert release.lab.update(release.lab.stacks[0], deployed_by_codedeploy(image, statements)) == "UPDATE_COMPLETE"
        info = release.ended(release.deploy(release.revision("bad")))
        assert info["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
        assert f"to perform: {missing}" in info["errorInformation"]["message"]
        assert release.weights() == {before: 100}
    assert release.lab.update(release.lab.stacks[0], deployed_by_codedeploy(image)) == "UPDATE_COMPLETE"


def test_what_a_pipeline_may_do_is_said_by_its_role(release: Release, lab: Lab) -> None:
    place = "arn:aws:codedeploy:eu-central-1:000000000000:deploymentgroup"
    outputs = lab.deploy(
        {
            name: role("codepipeline.amazonaws.com", allow("codedeploy:*", resource=f"{place}:lab/{group}"))
            for name, group in (("Ours", "lab"), ("Theirs", "other"))
        },
        {each: {"Fn::GetAtt": [each, "Arn"]} for each in ("Ours", "Theirs")},
    )
    last = release.deploy(release.revision("its role"))
    release.ended(last)
    client_of(release.aws, "codedeploy", outputs["Ours"]).get_deployment(deploymentId=last)
    theirs = client_of(release.aws, "codedeploy", outputs["Theirs"])
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.get_deployment(deploymentId=last)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.create_deployment(applicationName="lab", deploymentGroupName="lab", revision=app_spec("lab:1"))


def test_what_does_not_exist_is_refused(release: Release) -> None:
    for changes, words in (
        ({"applicationName": "other"}, "No application found for name: other"),
        ({"deploymentGroupName": "other"}, "No Deployment Group found for name: other"),
        ({"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "{}"}}}, "AppSpec"),
    ):
        arguments: dict[str, Any] = {
            "applicationName": "lab",
            "deploymentGroupName": "lab",
            "revision": app_spec("lab:1"),
            **changes,
        }
        with pytest.raises(ClientError, match=words):
            release.client.create_deployment(**arguments)


def application(platform: str = "ECS", name: str = "other") -> dict[str, Any]:
    properties = {"ApplicationName": name, "ComputePlatform": platform}
    return {"Type": "AWS::CodeDeploy::Application", "Properties": properties}


def configuration(kind: str, **details: int) -> dict[str, Any]:
    return {
        "Type": "AWS::CodeDeploy::DeploymentConfig",
        "Properties": {
            "ComputePlatform": "ECS",
            "TrafficRoutingConfig": {"Type": f"TimeBased{kind}", f"TimeBased{kind}": details},
        },
    }


def test_applications(lab: Lab, release: Release) -> None:
    lab.deploy({"Application": application()})
    assert release.client.get_application(applicationName="other")["application"]["computePlatform"] == "ECS"
    assert "already exists" in lab.failure({"Application": application(name="lab")})
    assert "ECS only" in lab.failure({"Application": application("Lambda", "third")})


def test_deployment_configs(lab: Lab) -> None:
    lab.deploy({"Steps": configuration("Linear", LinearPercentage=20, LinearInterval=1)})
    assert "from 1 to 99" in lab.failure({"Steps": configuration("Canary", CanaryPercentage=100, CanaryInterval=5)})


def test_deployment_groups(lab: Lab, release: Release, image: str) -> None:
    """Each of what it names must exist, and the service be CodeDeploy's."""
    properties = {
        **release.group_properties(),
        "ApplicationName": "lab",
        "DeploymentGroupName": "second",
    }

    def refused(**changes: Any) -> str:
        group = {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {**properties, **changes}}
        return lab.failure({"Group": group, "Stranger": role("ecs.amazonaws.com")})

    assert "No application found for name: nobody" in refused(ApplicationName="nobody")
    assert "No deployment configuration found for name: none" in refused(DeploymentConfigName="none")
    assert "permissions required to assume" in refused(ServiceRoleArn={"Fn::GetAtt": ["Stranger", "Arn"]})
    service = {"ClusterName": release.outputs["Cluster"], "ServiceName": "another"}
    assert "CODE_DEPLOY deployment controller" in refused(ECSServices=[service])
    assert "style" in refused(
        DeploymentStyle={"DeploymentType": "IN_PLACE", "DeploymentOption": "WITH_TRAFFIC_CONTROL"}
    )
    assert "does not exist" in refused(AlarmConfiguration={"Enabled": True, "Alarms": [{"Name": "none"}]})
