"""The environment of a container as in phoenix.toml: variables, secrets, and permissions to call AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

# The placeholders of a value, which CloudFormation replaces: they differ between stages, regions or accounts.
PLACEHOLDERS = ("StagePrefix", "AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix")
# The variables that the templates set.
SET_BY_TEMPLATE = {
    "PORT": "the parameter ContainerPort sets it",
    "WEB_CONCURRENCY": "service.workers sets it",
}
# The SDKs use them before the task's role.
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
# A suffix of a secret's name that looks like the random suffix of an ARN.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
_LIKE_AN_ENDING = re.compile(r".*-[A-Za-z0-9]{6}")
_ENDING = "-??????"
_KEY = r"[^:\s]+"

# IAM accepts a wildcard within an ARN, but not for its service.
_RESOURCE = re.compile(rf"arn:{_PARTITION}:[a-z0-9-]+:(?:{_REGION})?:(?:{_ACCOUNT})?:(\S+)")


class SecretSource(Struct, frozen=True):
    """A secret in Secrets Manager, or one JSON key of it, as texts for Fn::Sub.

    `arn`: without its random suffix if the secret is known by its name. `key`: empty for the whole secret.
    """

    arn: str
    partition: str
    region: str
    account: str
    key: str
    named: bool

    @property
    def value_from(self) -> str:
        """The ValueFrom for ECS, which also accepts the ARN of a secret of this account without the random suffix.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
        """
        return f"{self.arn}:{self.key}::" if self.key else self.arn

    @property
    def pattern(self) -> str:
        """The resource for IAM, which compares ARNs with the random suffix."""
        return self.arn + _ENDING if self.named else self.arn

    @property
    def keys(self) -> str:
        """The KMS keys that may encrypt it: any of its account and region."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/*"


def secret_source(text: str) -> SecretSource | str:
    """The secret of a setting: a name or a full ARN, and optionally `:key`; or else the text of what was expected."""
    if text.startswith("arn:"):
        match = re.fullmatch(rf"({_SECRET_ARN.pattern})(?::({_KEY}))?", text)
        if match is None:
            return "the full ARN of a secret with its random suffix, optionally followed by `:` and a JSON key"
        arn, partition, region, account, key = match.groups()
        return SecretSource(arn, partition, region, account, key or "", named=False)
    match = re.fullmatch(rf"({_NAME})(?::({_KEY}))?", text)
    if match is None:
        return "the name or the full ARN of a secret in Secrets Manager, optionally followed by `:` and a JSON key"
    name, key = match.groups()
    if _LIKE_AN_ENDING.fullmatch(name):
        return "the full ARN of this secret, since its name ends with a hyphen and six characters as an ARN does"
    partition, region, account = "${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}"
    arn = f"arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"
    return SecretSource(arn, partition, region, account, key or "", named=True)


def unknown_placeholders(text: str) -> Iterator[str]:
    """Each `${...}` in a text that the templates cannot replace; `${!...}` is a literal `${...}`."""
    for inside in re.findall(r"\$\{([^}]*)\}?", text):
        if inside not in PLACEHOLDERS and not inside.startswith("!"):
            yield "${" + inside + "}"


def mistake_in_name(name: str, database_variable: str = "") -> str | None:
    """The text of what was expected, if a variable's name cannot be used. `database_variable`: that of the database."""
    if not VARIABLE_NAME.fullmatch(name):
        return "a name of letters, digits and underscores that does not begin with a digit"
    if name in SET_BY_TEMPLATE:
        return f"a name other than {name}: {SET_BY_TEMPLATE[name]}"
    if name == database_variable:
        return f"a name other than {name}, which is database.variable"
    if name in CREDENTIALS:
        return "no AWS credentials: service.allow adds permissions to the task's role"
    return None


def is_resource(text: str) -> bool:
    """Whether a permission may name it: an ARN, or `*`."""
    return text == "*" or bool(_RESOURCE.fullmatch(text))


def is_wide(resource: str) -> bool:
    """Whether it matches every resource of a service: `*`, or an ARN with only wildcards after the account."""
    match = _RESOURCE.fullmatch(resource)
    return match is None or not re.sub(r"[*?/:]", "", match[1])


def secret_sources(secrets: Mapping[str, str]) -> dict[str, SecretSource]:
    """The sources of validated secrets, by variable."""
    found = {name: secret_source(text) for name, text in secrets.items()}
    return {name: source for name, source in found.items() if isinstance(source, SecretSource)}
