"""Secrets Manager: what Ref returns, and passwords as GenerateSecretString describes them."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction

_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"


@correction("Ref of a secret is its ARN", f"{_CFN}/aws-resource-secretsmanager-secret.html")
def ref_is_the_arn() -> None:
    handler = ministack.handlers["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], {"Id": attributes["Arn"]}

    def updated(arn: str, old: Any, new: Any, stack: str, logical_id: str) -> tuple[str, dict[str, str]]:
        _, attributes = update(_name(arn), old, new, stack, logical_id)
        return attributes["Arn"], {"Id": attributes["Arn"]}

    def deleted(arn: str, properties: Any) -> None:
        delete(_name(arn), properties)

    ministack.handlers["AWS::SecretsManager::Secret"] = {
        **handler,
        "create": created,
        "update": updated,
        "update_with_logical_id": True,
        "delete": deleted,
    }


def _name(arn: str) -> str:
    return next((each["Name"] for each in ministack.secretsmanager._secrets.values() if each["ARN"] == arn), arn)


@correction(
    "A generated password has the length and the kinds of characters that were asked for",
    f"{_CFN}/aws-properties-secretsmanager-secret-generatesecretstring.html",
)
def generated_passwords() -> None:
    plain = ministack.provisioners._sm_secret_string

    def secret_string(properties: dict[str, Any]) -> str:
        wanted = properties.get("GenerateSecretString")
        if wanted is None:
            return str(plain(properties))
        if properties.get("SecretString"):
            raise ValueError("You can't specify both SecretString and GenerateSecretString")
        generated = generate(wanted)
        if "SecretStringTemplate" in wanted:
            return json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: generated})
        return generated

    ministack.provisioners._sm_secret_string = secret_string


def generate(wanted: dict[str, Any]) -> str:
    """One password: at least one character of each kind, unless that is not required."""
    excluded = set(wanted.get("ExcludeCharacters", ""))
    kinds = [
        [each for each in alphabet if each not in excluded]
        for alphabet, switch in (
            (string.ascii_lowercase, "ExcludeLowercase"),
            (string.ascii_uppercase, "ExcludeUppercase"),
            (string.digits, "ExcludeNumbers"),
            (string.punctuation, "ExcludePunctuation"),
        )
        if str(wanted.get(switch, False)).lower() != "true"
    ]
    length = int(wanted.get("PasswordLength", 32))
    each_kind = str(wanted.get("RequireEachIncludedType", True)).lower() == "true"
    required = [secrets.choice(kind) for kind in kinds] if each_kind else []
    everything = [each for kind in kinds for each in kind]
    password = required + [secrets.choice(everything) for _ in range(length - len(required))]
    secrets.SystemRandom().shuffle(password)
    return "".join(password)
