"""Secrets that the stage keeps: they are made here, and only references to them travel."""

from __future__ import annotations

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Sub
from troposphere.secretsmanager import GenerateSecretString, Secret

from phoenix_cfn.parameters.form import DATABASE, Form
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate

_PASSWORD_TYPED = "HasTypedPassword"
# Letters and digits: about 190 bits, and nothing that a connection string would have to escape.
_GENERATED_LENGTH = 32


def database_password(template: StageTemplate) -> Parameter:
    """Adds the password of the master user as a parameter; Secrets Manager keeps it, nothing else does."""
    return Form(template, __name__).ask(
        DATABASE,
        "Password",
        Parameter(
            "MongoDBMasterPassword",
            Type="String",
            NoEcho=True,
            Default="",
            Description=(
                "Password of the master user, used when the database is created. Empty: Secrets Manager generates one."
            ),
            # DocumentDB takes more; these need no escaping in a connection string, nor in JSON.
            AllowedPattern="^$|^[A-Za-z0-9_.~!*'()+,;=&-]{8,100}$",
            ConstraintDescription="Enter 8 to 100 letters, digits or _.~!*'()+,;=&- (safe in a URI), or nothing.",
        ),
    )


@part
def database_credentials(scope: Scope, password: Parameter) -> Secret:
    """The JSON keys `username` and `password`: the password that was typed, or a generated one."""
    scope.template.add_condition(_PASSWORD_TYPED, Not(Equals(Ref(password), "")))
    assert scope.parameters.mongodb_master_username is not None
    username = f"${{{scope.parameters.mongodb_master_username.title}}}"
    return scope.add(
        Secret(
            "DatabaseCredentials",
            Name=Sub(scope.names.database_secret),
            Description="Master user of the database",
            KmsKeyId=GetAtt(scope.key, "Arn"),
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


@part
def webhook_secret(scope: Scope) -> Secret:
    """With which GitHub signs what it sends. Never the OAuth token: whoever sees the webhook could act as its owner.

    https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_WebhookAuthConfiguration.html
    """
    return scope.add(
        Secret(
            "WebhookSecret",
            Name=Sub(scope.names.webhook_secret),
            Description="Signs what GitHub sends to the pipeline",
            KmsKeyId=GetAtt(scope.key, "Arn"),
            **GOES_WITH_THE_STACK,
            GenerateSecretString=GenerateSecretString(PasswordLength=_GENERATED_LENGTH, ExcludePunctuation=True),
        )
    )
