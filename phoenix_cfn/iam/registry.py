"""The ARNs of types that are not in identity.py, from the registry schemas."""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import Struct

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.iam.identity import IDENTIFIED, OF_THE_ACCOUNT, OWNED, REGIONAL, WITHOUT_TAG_CONDITIONS, Owned


class Registered(Struct, frozen=True):
    """`owned` is the resource, `name` the property of its name, empty if AWS generates an id; `arns` are the attributes
    with the ARN."""

    owned: Owned
    name: str
    arns: frozenset[str]


@cache
def registered_type(resource_type: str) -> Registered | None:
    """A type whose ARN consists of fixed text and its primary identifier; None for others, and those in identity.py."""
    schema = schemas.resource_schema(resource_type)
    if resource_type in OWNED or resource_type in IDENTIFIED or schema is None:
        return None
    service, kind = _service(schema, resource_type), _iam_kind(schema, resource_type)
    place, wildcard, rest = schemas.arn_format(service, kind).partition(".*")
    identifiers = [each.rpartition("/")[2] for each in schema.get("primaryIdentifier", [])]
    if not wildcard or rest or len(identifiers) != 1:
        return None
    (identifier,) = identifiers
    made_up = {each.rpartition("/")[2] for each in schema.get("readOnlyProperties", []) if each.count("/") == 2}
    arns = frozenset(each for each in made_up if each.lower() in ("arn", _kind(resource_type) + "arn"))
    if identifier in arns:
        # The schema does not have the other parts of the ARN.
        return None
    name = "" if identifier in made_up else identifier
    _, _, _, region, account, path = place.split(":", 5)
    owned = Owned(
        f"{service}:{kind}",
        path + (f"{{{name}}}" if name else "*"),
        region=region and REGIONAL,
        account=account and OF_THE_ACCOUNT,
    )
    return Registered(owned, name, arns)


# The results of the function below for the types of this library: reading IAM's table takes long.
_TAGS_COUNT = frozenset({"AWS::KMS::Key"})


def tags_count(resource_type: str) -> bool:
    """Whether the service evaluates the tags of a type's resources from their creation."""
    if resource_type in _TAGS_COUNT:
        return True
    schema = schemas.resource_schema(resource_type) or {}
    tagging = schema.get("tagging") or {}
    known = (*OWNED.get(resource_type, ()), *filter(None, [IDENTIFIED.get(resource_type)]))
    if known:
        service, kind = known[0].kind.split(":", 1)
    else:
        service, kind = _service(schema, resource_type), _iam_kind(schema, resource_type)
    looks = "aws:ResourceTag/${TagKey}" in schemas.condition_keys(service, kind)
    return looks and service not in WITHOUT_TAG_CONDITIONS and bool(tagging.get("taggable", schema.get("taggable")))


def tag_property(resource_type: str) -> str:
    """The property with a type's tags."""
    tagging = (schemas.resource_schema(resource_type) or {}).get("tagging") or {}
    return str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2]


def _kind(resource_type: str) -> str:
    return resource_type.rpartition(":")[2].lower()


def _service(schema: dict[str, Any], resource_type: str) -> str:
    """The service prefix of the action that creates the type."""
    created = {f"create{_kind(resource_type)}", f"create{_kind(resource_type)}v2"}
    for action in schema.get("handlers", {}).get("create", {}).get("permissions", []):
        service, _, name = action.partition(":")
        if name.lower() in created:
            return str(service.lower())
    return ""


def _iam_kind(schema: dict[str, Any], resource_type: str) -> str:
    kind = _kind(resource_type)
    for name in schemas.kinds(_service(schema, resource_type)):
        if name.lower().replace("-", "").replace(" ", "") in (kind, kind + "s"):
            return name
    return ""
