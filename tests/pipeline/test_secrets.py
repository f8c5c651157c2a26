"""Secrets: typed or generated, kept in Secrets Manager, and in clear nowhere."""

from __future__ import annotations

import json

import pytest

from tests.stack import Stack, get_att, ref, text, walk

SECRET_PARAMETERS = ("GithubOAuthToken", "MongoDBMasterPassword")


def test_the_password_is_the_typed_one_or_a_generated_one(pipeline_stack: Stack) -> None:
    assert pipeline_stack.data["Conditions"]["HasTypedPassword"] == {
        "Fn::Not": [{"Fn::Equals": [ref("MongoDBMasterPassword"), ""]}]
    }
    secret = pipeline_stack.properties("DatabaseCredentials")
    condition, typed, nothing = secret["SecretString"]["Fn::If"]
    assert condition == "HasTypedPassword"
    assert json.loads(typed["Fn::Sub"]) == {
        "username": "${MongoDBMasterUsername}",
        "password": "${MongoDBMasterPassword}",
    }
    condition, otherwise, generated = secret["GenerateSecretString"]["Fn::If"]
    assert condition == "HasTypedPassword"
    assert nothing == otherwise == ref("AWS::NoValue")
    # Letters and digits only: nothing that a URI would have to escape.
    assert generated["ExcludePunctuation"] is True
    assert generated["GenerateStringKey"] == "password"
    assert json.loads(generated["SecretStringTemplate"]["Fn::Sub"]) == {"username": "${MongoDBMasterUsername}"}


def test_all_secrets_are_encrypted_with_the_stacks_key(pipeline_stack: Stack, infrastructure_stack: Stack) -> None:
    for stack, count in ((pipeline_stack, 2), (infrastructure_stack, 1)):
        secrets = stack.of_type("AWS::SecretsManager::Secret")
        assert len(secrets) == count
        assert all(each["KmsKeyId"] == get_att("EncryptionKey", "Arn") for each in secrets.values())


@pytest.mark.parametrize("name", SECRET_PARAMETERS)
def test_a_secret_parameter_goes_to_one_place_only(pipeline_stack: Stack, name: str) -> None:
    uses = [
        path
        for path, value in walk(pipeline_stack.resources)
        if value == ref(name) or (isinstance(value, str) and f"${{{name}}}" in value)
    ]
    allowed = {
        "GithubOAuthToken": ("Pipeline", "Properties", "Stages", "0", "Actions", "0", "Configuration", "OAuthToken"),
        "MongoDBMasterPassword": ("DatabaseCredentials", "Properties", "SecretString", "Fn::If", "1", "Fn::Sub"),
    }
    assert uses == [allowed[name]]


def test_no_secret_in_an_output_or_an_environment_variable(pipeline_stack: Stack, infrastructure_stack: Stack) -> None:
    for stack in (pipeline_stack, infrastructure_stack):
        shown = [text(stack.outputs)]
        shown += [text(value) for path, value in walk(stack.resources) if path and path[-1].startswith("Environment")]
        for each in shown:
            assert "resolve:" not in each
            assert not any(word in each for word in (*SECRET_PARAMETERS, "DatabaseConnection", "DatabaseCredentials"))
