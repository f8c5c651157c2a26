"""Lambda's corrections."""

from __future__ import annotations

from typing import Any

from tests.local.aws.lab import Lab, network, role
from tests.local.aws.service import container, service

CODE = """
import cfnresponse
def handler(event, context):
    if event["RequestType"] == "Create" and event["ResourceProperties"].get("Silent") == "true":
        return
    if event["RequestType"] == "Create" and event["ResourceProperties"].get("Fail") == "true":
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, "none", reason="as it was told")
    else:
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Answer": "42"}, "the-id")
"""


def resources(principal: str = "lambda.amazonaws.com", **properties: Any) -> dict[str, Any]:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": CODE},
        },
    }
    custom = {
        "Type": "Custom::Lab",
        "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, **properties},
    }
    return {"Role": role(principal), "Function": function, "Custom": custom}


def test_cfnresponse_is_there(lab: Lab) -> None:
    outputs = lab.deploy(resources(), {"Id": {"Ref": "Custom"}, "Answer": {"Fn::GetAtt": ["Custom", "Answer"]}})
    assert outputs == {"Id": "the-id", "Answer": "42"}
    assert "as it was told" in lab.failure(resources(Fail=True))


REQUEST = """
import cfnresponse, http.client
def handler(event, context):
    answer = {}
    if event["RequestType"] == "Create":
        connection = http.client.HTTPConnection(event["ResourceProperties"]["Host"], timeout=10)
        connection.request("GET", "/")
        answer = {"Body": connection.getresponse().read().decode()}
    cfnresponse.send(event, context, cfnresponse.SUCCESS, answer, "the-id")
"""


def test_load_balancers_have_names(lab: Lab) -> None:
    response = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "the balancer"}
    action = {"Type": "fixed-response", "FixedResponseConfig": response}
    parts = service(container("none"), Listener={"DefaultActions": [action]})
    balancer = {name: parts[name] for name in (*network(), "BalancerGroup", "Balancer", "Listener")}
    function = resources(Host={"Fn::GetAtt": ["Balancer", "DNSName"]})
    function["Function"]["Properties"]["Code"]["ZipFile"] = REQUEST
    function["Custom"]["DependsOn"] = "Listener"
    outputs = lab.deploy({**balancer, **function}, {"Body": {"Fn::GetAtt": ["Custom", "Body"]}})
    assert outputs == {"Body": "the balancer"}


def test_roles_must_trust_lambda(lab: Lab) -> None:
    assert "cannot be assumed by Lambda" in lab.failure(resources("ecs.amazonaws.com"))


def test_a_function_that_does_not_answer_fails_after_the_service_timeout(lab: Lab) -> None:
    """MiniStack's own."""
    assert "timed out after 2s" in lab.failure(resources(Silent=True, ServiceTimeout=2))
