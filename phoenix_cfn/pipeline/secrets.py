"""Secrets that the stage keeps: they are made here, and only references to them travel."""

from __future__ import annotations

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Sub
from troposphere.kms import Key
from troposphere.secretsmanager import GenerateSecretString, Secret

from phoenix_cfn.naming import Names
from phoenix_cfn.parameters import StageParameters
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate

_PASSWORD_TYPED = "HasTypedPassword"
# Letters and digits: about 190 bits, and nothing that a connection string would have to escape.
_GENERATED_LENGTH = 32


def database_credentials(
    template: StageTemplate, settings: Settings, parameters: StageParameters, password: Parameter, key: Key
) -> Secret:
    """The JSON keys `username` and `password`: the password that was typed, or a generated one."""
    template.add_condition(_PASSWORD_TYPED, Not(Equals(Ref(password), "")))
    username = f"${{{parameters.mongodb_master_username.title}}}"
    return template.add_resource(
        Secret(
            "DatabaseCredentials",
            Name=Sub(Names.of(settings.name).database_secret),
            Description="Master user of the database",
            KmsKeyId=GetAtt(key, "Arn"),
            **GOES_WITH_THE_STACK,
            SecretString=If(
                _PASSWORD_TYPED, Sub(f'{{"username":"{username}","password":"${{{password.title}}}"}}'), NoValue
            ),
            GenerateSecretString=If(
                _PASSWORD_TYPED,
                NoValue,
                GenerateSecretString(
                    SecretStringTemplate=Sub(f'{{"username":"{username}"}}'),
                    GenerateStringKey="password",
                    PasswordLength=_GENERATED_LENGTH,
                    ExcludePunctuation=True,
                ),
            ),
        )
    )


def webhook_secret(template: StageTemplate, settings: Settings, key: Key) -> Secret:
    """With which GitHub signs what it sends. Never the OAuth token: whoever sees the webhook could act as its owner.

    https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_WebhookAuthConfiguration.html
    """
    return template.add_resource(
        Secret(
            "WebhookSecret",
            Name=Sub(Names.of(settings.name).webhook_secret),
            Description="Signs what GitHub sends to the pipeline",
            KmsKeyId=GetAtt(key, "Arn"),
            **GOES_WITH_THE_STACK,
            GenerateSecretString=GenerateSecretString(PasswordLength=_GENERATED_LENGTH, ExcludePunctuation=True),
        )
    )
