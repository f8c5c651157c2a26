"""The secrets of the stage. Other resources and stacks get only references to them."""

from __future__ import annotations

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Sub
from troposphere.secretsmanager import GenerateSecretString, Secret

from phoenix_cfn.parameters.form import DATABASE, Form
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate

_PASSWORD_TYPED = "HasTypedPassword"
# Letters and digits: about 190 bits, and no characters that a connection string must escape.
_GENERATED_LENGTH = 32


def database_password(template: StageTemplate) -> Parameter:
    """Adds the parameter for the master user's password, which only Secrets Manager stores."""
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
            # DocumentDB accepts more characters; these need no escaping in a connection string or in JSON.
            AllowedPattern="^$|^[A-Za-z0-9_.~!*'()+,;=&-]{8,100}$",
            ConstraintDescription="Enter 8 to 100 letters, digits or _.~!*'()+,;=&- (safe in a URI), or nothing.",
        ),
    )


@part
def database_credentials(scope: Scope, password: Parameter) -> Secret:
    """The secret with the JSON keys `username` and `password`: the password of the parameter, or a generated one."""
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
    """The secret with which GitHub signs webhook requests. Not the OAuth token, which every reader of the webhook could
    then use.

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
