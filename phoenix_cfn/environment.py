"""What a container is given, as phoenix.toml writes it: variables, secrets, and permissions to call AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

# What a value may contain for CloudFormation to fill in; it differs between stages, regions or accounts.
PLACEHOLDERS = ("StagePrefix", "AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix")
# The templates set these variables themselves.
SET_BY_TEMPLATE = {
    "PORT": "the parameter ContainerPort sets it",
    "WEB_CONCURRENCY": "service.workers sets it",
}
# The SDKs prefer them to the task's role.
# https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
CREDENTIALS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_PARTITION = r"(?:aws[a-z-]*|\$\{AWS::Partition\})"
_REGION = r"(?:[a-z]{2}[a-z0-9-]*-[0-9]|\$\{AWS::Region\})"
_ACCOUNT = r"(?:[0-9]{12}|\$\{AWS::AccountId\})"
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
_NAME = r"(?:[A-Za-z0-9/_+=.@-]|\$\{StagePrefix\})+"
_SECRET_ARN = re.compile(rf"arn:({_PARTITION}):secretsmanager:({_REGION}):({_ACCOUNT}):secret:{_NAME}-[A-Za-z0-9]{{6}}")
# What the name of a secret does not tell from the random ending of an ARN.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
_LIKE_AN_ENDING = re.compile(r".*-[A-Za-z0-9]{6}")
_ENDING = "-??????"
_KEY = r"[^:\s]+"

# IAM compares actions and resources of a service; a wildcard for the service would be no ARN to it.
_RESOURCE = re.compile(rf"arn:{_PARTITION}:[a-z0-9-]+:(?:{_REGION})?:(?:{_ACCOUNT})?:(\S+)")


class SecretSource(Struct, frozen=True):
    """A secret in Secrets Manager, or one JSON key of it, as texts for Fn::Sub.

    `arn`: without its random ending where the secret is known by name. `key`: empty for the whole secret.
    """

    arn: str
    partition: str
    region: str
    account: str
    key: str
    named: bool

    @property
    def value_from(self) -> str:
        """As ECS reads it; of a secret of this account it takes an ARN without the random ending as well.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
        """
        return f"{self.arn}:{self.key}::" if self.key else self.arn

    @property
    def pattern(self) -> str:
        """As IAM compares it, which knows the secret with its random ending only."""
        return self.arn + _ENDING if self.named else self.arn

    @property
    def keys(self) -> str:
        """The keys that may encrypt it: any of its account and region."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/*"


def secret_source(text: str) -> SecretSource | str:
    """The secret that a setting names: by its name or full ARN, with `:key` behind it; else what was expected."""
    if text.startswith("arn:"):
        match = re.fullmatch(rf"({_SECRET_ARN.pattern})(?::({_KEY}))?", text)
        if match is None:
            return "the full ARN of a secret with its random ending of six characters, and `:` with a JSON key or not"
        arn, partition, region, account, key = match.groups()
        return SecretSource(arn, partition, region, account, key or "", named=False)
    match = re.fullmatch(rf"({_NAME})(?::({_KEY}))?", text)
    if match is None:
        return "the name or the full ARN of a secret in Secrets Manager, and `:` with a JSON key or not"
    name, key = match.groups()
    if _LIKE_AN_ENDING.fullmatch(name):
        return "the full ARN of this secret: its name ends like one, with a hyphen and six characters"
    partition, region, account = "${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}"
    arn = f"arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"
    return SecretSource(arn, partition, region, account, key or "", named=True)


def unknown_placeholders(text: str) -> Iterator[str]:
    """Each `${...}` in a text that the templates cannot fill in; `${!...}` stands for a plain `${...}`."""
    for inside in re.findall(r"\$\{([^}]*)\}?", text):
        if inside not in PLACEHOLDERS and not inside.startswith("!"):
            yield "${" + inside + "}"


def mistake_in_name(name: str, database_variable: str = "") -> str | None:
    """What is expected of a variable's name, if this one cannot be used. `database_variable`: that of the database."""
    if not VARIABLE_NAME.fullmatch(name):
        return "a name of letters, digits and underscores that does not begin with a digit"
    if name in SET_BY_TEMPLATE:
        return f"another name than {name}: {SET_BY_TEMPLATE[name]}"
    if name == database_variable:
        return f"another name than {name}: database.variable has it"
    if name in CREDENTIALS:
        return "no credentials of AWS: the task has a role, to which service.allow gives permissions"
    return None


def is_resource(text: str) -> bool:
    """Whether a permission may name it: an ARN, or `*`."""
    return text == "*" or bool(_RESOURCE.fullmatch(text))


def is_wide(resource: str) -> bool:
    """Whether it stands for everything of its service: `*`, or an ARN with nothing but wildcards behind the account."""
    match = _RESOURCE.fullmatch(resource)
    return match is None or not re.sub(r"[*?/:]", "", match[1])


def secret_sources(secrets: Mapping[str, str]) -> dict[str, SecretSource]:
    """The sources of secrets that have been checked, by variable."""
    found = {name: secret_source(text) for name, text in secrets.items()}
    return {name: source for name, source in found.items() if isinstance(source, SecretSource)}
