"""The database: its clusters, and the application's connection strings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import DYNAMIC, Ref, Text, marked, parse_json, text, unmarked

_URI = re.compile("mongodb(?:\\+srv)?://([^\\s\"'\\\\]+)")
_DYNAMIC = re.compile(r"\{\{\s{0,9}resolve:[^{}]*\}\}")
_DYNAMIC_SECRET = re.compile(r"\{\{\s*resolve:(secretsmanager|ssm-secure):")
_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|passphrase|pwd|(?<![a-z])pass|token|secret|api_?key|private_?key|access_?key|credentials?)$"
)


# Descriptions of parameters that hold the name or ARN of a secret, although they have NoEcho or a secret's name.
_NO_SECRET_NAME = re.compile(r"(?i)(user|user_?name|login|e?mail|arn|url|uri|name|id|service_?token|next_?token)$")
_NAMES_SECRET = re.compile(
    r"(?i)\b(secret|parameter|secrets? manager|ssm) arns?\b|\barns? (of|for)\b"
    r"|\b(name|id|path|location) (of|for)\b.*\b(secret|param)"
    r"|\b(secret|parameter|key)('s)? name\b|\b(secrets? manager|parameter store|ssm) (secret|parameter|path)\b"
)
_MOST_READ = 300
"""The number of characters of a description that are searched: the time of the search is not linear in them."""
_SWITCHES = frozenset({"true", "false", "yes", "no", "enabled", "disabled", "on", "off", "0", "1"})


@dataclass(frozen=True)
class ConnectionString:
    """A parsed MongoDB URI of a template; its parts may contain references."""

    node: Node
    user: Text | None
    password: Text | None
    host: Text
    port: Text | None
    database: str
    options: dict[str, Text]
    complete: bool

    def option(self, name: str) -> str | None:
        value = self.options.get(name.lower())
        return value.literal.lower() if value is not None and value.literal is not None else None

    def lacks(self, name: str) -> bool:
        """Whether an option is known to be missing."""
        return self.complete and name.lower() not in self.options


def clusters(stack: Stack) -> list[Resource]:
    return stack.of("AWS::DocDB::DBCluster")


def instances(stack: Stack, cluster: Resource) -> list[Resource] | None:
    """The instances of a cluster; None if some instance's cluster is not known."""
    found = []
    for instance in stack.of("AWS::DocDB::DBInstance"):
        owner = stack.resource(instance["DBClusterIdentifier"], "AWS::DocDB::DBCluster")
        if owner is None:
            return None
        if owner is cluster:
            found.append(instance)
    return found


def connection_strings(stack: Stack) -> list[ConnectionString]:
    """All MongoDB URIs that resources of the template contain."""
    return stack.once("connection strings", lambda: _connection_strings(stack))


def _connection_strings(stack: Stack) -> list[ConnectionString]:
    found = []
    for resource in stack.mentioning("mongodb"):
        for node, value in resource.texts():
            if "mongodb" in value.plain:
                found += taken_apart(node, value)
    return found


def taken_apart(node: Node, value: Text) -> list[ConnectionString]:
    """The MongoDB URIs in a text."""
    # A dynamic reference contains colons: a marker replaces it before the URI is split.
    hidden = hide_dynamic(value)
    found = []
    for match in _URI.finditer(marked(hidden)):
        rest = match[1]
        rest, _, query = rest.partition("?")
        authority, _, database = rest.partition("/")
        userinfo, at, hosts = authority.rpartition("@")
        user, colon, password = userinfo.partition(":")
        host, _, port = hosts.split(",")[0].partition(":")
        options: dict[str, Text] = {}
        complete = True
        for option in query.split("&") if query else ():
            name, _, setting = option.partition("=")
            key = unmarked(name, hidden)
            complete = complete and key.literal is not None
            options[str(key).lower()] = unmarked(setting, hidden)
        found.append(
            ConnectionString(
                node=node,
                user=unmarked(user, hidden) if at else None,
                password=unmarked(password, hidden) if colon else None,
                host=unmarked(host, hidden),
                port=unmarked(port, hidden) if port else None,
                database=database,
                options=options,
                complete=complete and not _may_go_on(match[1], hidden),
            )
        )
    return found


def _may_go_on(rest: str, value: Text) -> bool:
    """Whether a URI ends with a reference whose value may contain options."""
    refs = unmarked(rest, value).refs
    return "?" not in rest and rest.endswith("\ue001") and not refs[-1].attribute


def hide_dynamic(value: Text) -> Text:
    """The text with a reference in place of each dynamic reference."""
    spelled = marked(value)
    parts: list[str | Ref] = []
    position = 0
    for match in _DYNAMIC.finditer(spelled):
        parts += unmarked(spelled[position : match.start()], value).parts
        parts.append(Ref("Fn::Dynamic", str(unmarked(match[0], value))))
        position = match.end()
    parts += unmarked(spelled[position:], value).parts
    return text(*parts)


def for_documentdb(stack: Stack, uri: ConnectionString) -> bool:
    """Whether a URI is for DocumentDB: its host is a cluster of the template, or a host of the service."""
    if any(
        ref.name in stack.resources and stack.resources[ref.name].type.startswith("AWS::DocDB::")
        for ref in uri.host.refs
    ):
        return True
    return ".docdb." in uri.host.plain or (bool(clusters(stack)) and uri.host.literal is None)


def cluster_of(stack: Stack, uri: ConnectionString) -> Resource | None:
    """The cluster of the template whose endpoint is the host of a URI."""
    for ref in uri.host.refs:
        resource = stack.resources.get(ref.name)
        if resource is not None and resource.type == "AWS::DocDB::DBCluster":
            return resource
    return None


# Secrets


def sounds_secret(name: str) -> bool:
    """Whether a name is that of a secret value (MongoDBMasterPassword is, MongoDBSecretArn is not)."""
    return _SECRET_NAME.search(name) is not None


def is_dynamic_secret(value: Text) -> bool:
    """Whether a text contains a dynamic reference that CloudFormation resolves to a secret."""
    return _DYNAMIC_SECRET.search(value.plain) is not None


def secret_parameters(stack: Stack) -> set[str]:
    """The parameters that hold a secret: those with NoEcho, and those with the name of a secret."""
    return stack.once("secret parameters", lambda: _secret_parameters(stack))


def _secret_parameters(stack: Stack) -> set[str]:
    return {name for name in stack.parameters if is_hidden(stack, name) or holds_secret(stack, name)}


def is_hidden(stack: Stack, name: str) -> bool:
    """Whether a parameter with NoEcho holds a secret; a user name, a switch and an ARN are not secrets."""
    parameter = stack.parameter(name)
    return parameter["NoEcho"].true and _NO_SECRET_NAME.search(name) is None and not _is_no_secret(parameter)


def _is_no_secret(parameter: Node) -> bool:
    """Whether a parameter's declaration shows that it is a switch, an ARN or a name."""
    values = [item.literal or "" for item in [*parameter["AllowedValues"].items, parameter["Default"]] if item.given]
    known = [value for value in values if value]
    return (
        (bool(known) and all(is_no_secret_value(value) for value in known))
        or (parameter["AllowedPattern"].literal or "").lstrip("^(").startswith("arn:")
        or _NAMES_SECRET.search((parameter["Description"].literal or "")[:_MOST_READ]) is not None
    )


def is_no_secret_value(value: str) -> bool:
    """Whether a value is a switch, an ARN or a path."""
    return value.lower() in _SWITCHES or value.startswith(("arn:", "/"))


def holds_secret(stack: Stack, name: str) -> bool:
    """Whether a parameter holds a secret according to its name, and not just the name of a secret."""
    kind = stack.parameter(name)["Type"].literal
    if (
        kind != "String"
        or not sounds_secret(name)
        or _NO_SECRET_NAME.search(name)
        or _is_no_secret(stack.parameter(name))
    ):
        return False
    return not stack.once(f"{name} names a secret", lambda: _names_secret(stack, name))


def _names_secret(stack: Stack, name: str) -> bool:
    for resource in stack.mentioning(name):
        for node, value in resource.texts():
            # The name of a secret is in a dynamic reference, in an ARN, or where a service accepts only a name.
            pieces = [unmarked(match[0], value) for match in _DYNAMIC.finditer(marked(value))]
            if value.plain.startswith("arn:") or _takes_name(resource, node):
                pieces.append(value)
            if any(ref.name == name for piece in pieces for ref in piece.refs):
                return True
    return False


def _takes_name(resource: Node, node: Node) -> bool:
    """Whether a property accepts the name or the ARN of a secret, not the secret."""
    keys = [step for step in node.path if isinstance(step, str)]
    if keys[-1] in ("ValueFrom", "SecretId", "ServiceToken", "Resource") or keys[-1].endswith("Arn"):
        return True
    kind = resource.at(*node.path[3:-1], "Type").literal if keys[-1] == "Value" else None
    return kind in ("PARAMETER_STORE", "SECRETS_MANAGER")


def in_clear(stack: Stack, node: Node) -> str | None:
    """The secret that a value shows to its readers; None if it shows none."""
    value = node.text
    if value is None:
        return None
    if is_dynamic_secret(value):
        return "a secret that CloudFormation resolves"
    secret = secret_parameters(stack)
    named = next((ref.name for ref in value.refs if ref.name in secret), None)
    if named is not None:
        return f"the parameter {named}"
    if any(uri.password is not None and str(uri.password) for uri in taken_apart(node, value)):
        return "a connection string with its password"
    return None


def inner(value: Text) -> list[Ref]:
    """The references of a text, including those inside its dynamic references."""
    found = []
    for ref in value.refs:
        named = re.findall(r"\$\{([\w.]+)\}", ref.attribute) if ref.name == "Fn::Dynamic" else []
        found += [Ref(*name.split(".", 1)) for name in named] or [ref]
    return found


def secret_of(stack: Stack, node: Node) -> Resource | None:
    """The secret, or parameter of Parameter Store, of the template that a ValueFrom names."""
    value = node.text
    for ref in value.refs if value is not None else ():
        resource = stack.resources.get(ref.name)
        if resource is not None and resource.type in ("AWS::SecretsManager::Secret", "AWS::SSM::Parameter"):
            return resource
    return None


def reading_actions(stack: Stack, node: Node) -> list[str]:
    """The action that reads what a ValueFrom names; two where it may be a secret or a parameter."""
    source, value = secret_of(stack, node), node.text
    if source is not None:
        secret = source.type == "AWS::SecretsManager::Secret"
    elif value is None or (
        value.literal is None
        and (DYNAMIC in value.plain or (":ssm:" not in value.plain and "secretsmanager" not in value.plain))
    ):
        return ["ssm:GetParameters", "secretsmanager:GetSecretValue"]
    else:
        # A name without an ARN is that of a parameter.
        secret = "secretsmanager" in (value.literal or value.plain)
    return ["secretsmanager:GetSecretValue" if secret else "ssm:GetParameters"]


def secret_keys(stack: Stack, secret: Resource) -> set[str] | None:
    """The JSON keys of a secret; empty for a plain string, None where they are not known."""
    if any(
        stack.resource(one["SecretId"]) is secret for one in stack.of("AWS::SecretsManager::SecretTargetAttachment")
    ):
        return None
    made = secret["GenerateSecretString"]
    spelled = made["SecretStringTemplate"] if made.given else secret["SecretString"]
    if secret.type != "AWS::SecretsManager::Secret" or made.opaque or (not made.given and not spelled.given):
        return None
    keys = {key} if (key := made["GenerateStringKey"].literal) else set()
    if not spelled.given:
        return keys
    value = spelled.text
    if value is None or value.reference is not None:
        return None
    document = parse_json(value)
    return keys | {str(key) for key in document} if isinstance(document, dict) else keys


def every_secret(node: Node) -> bool:
    """Whether a policy's resource covers all secrets of an account."""
    literal = str(node.text) if node.text is not None else ""
    return (
        literal == "*"
        or re.fullmatch(r"arn:[^:]+:secretsmanager:[^:]*:[^:]*(:\*|:secret:\*)", _flat(literal)) is not None
    )


def _flat(value: str) -> str:
    return re.sub(r"\$\{AWS::\w+\}", "*", value)
