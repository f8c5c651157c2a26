"""Lambda's corrections."""

from __future__ import annotations

from typing import Any

from tests.local.aws.lab import Lab, role

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


def test_roles_must_trust_lambda(lab: Lab) -> None:
    assert "cannot be assumed by Lambda" in lab.failure(resources("ecs.amazonaws.com"))


def test_a_function_that_does_not_answer_fails_after_the_service_timeout(lab: Lab) -> None:
    """MiniStack's own."""
    assert "timed out after 2s" in lab.failure(resources(Silent=True, ServiceTimeout=2))
