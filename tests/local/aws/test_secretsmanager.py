"""Secrets Manager's corrections."""

from __future__ import annotations

import json

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab


def test_ref_is_the_arn(lab: Lab) -> None:
    secret = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}}}
    ref = lab.deploy(secret, {"Ref": {"Ref": "Secret"}})["Ref"]
    assert ref.startswith("arn:aws:secretsmanager:eu-central-1:000000000000:secret:")


def test_generated_passwords(lab: Lab, aws: LocalAws) -> None:
    wanted = {
        "PasswordLength": "24",
        "ExcludePunctuation": True,
        "SecretStringTemplate": '{"username": "me"}',
        "GenerateStringKey": "password",
    }
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": wanted}}
    ref = lab.deploy({"Secret": secret}, {"Ref": {"Ref": "Secret"}})["Ref"]
    value = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=ref)["SecretString"])
    assert value["username"] == "me"
    assert len(value["password"]) == 24
    assert value["password"].isalnum()
    assert {each.isdigit() for each in value["password"]} == {True, False}
