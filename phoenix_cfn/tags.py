"""Tags in the form of a resource's type: pairs, a mapping, pairs with more members, or TagSpecifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troposphere import AWSObject, Tags

from phoenix_cfn.cloudformation.resource_types import resource_type


def add_tags(resource: AWSObject, tags: Mapping[str, Any]) -> None:
    """Adds tags to a resource, if its type supports them. They replace the resource's tags with the same keys."""
    name = _property(resource)
    if name is None:
        return
    kind: Any = resource.props[name][0]
    own = resource.properties.get(name)
    if kind is dict:
        setattr(resource, name, {**(own or {}), **tags})
    elif name == "TagSpecifications":
        setattr(resource, name, _specified(resource, kind[0], own or [], tags))
    elif kind is Tags:
        setattr(resource, name, _merged(own, tags))
    elif isinstance(kind, list):
        setattr(resource, name, [*_without(own, tags), *(kind[0](**pair) for pair in _pairs(tags))])
    else:
        # Classes of troposphere that take lists.
        known = resource_type(str(resource.resource_type))
        tag = known.member_of(name) if known else {}
        if tag is not None:
            more = {each: True for each in tag.get("required", ()) if tag["properties"][each].get("type") == "boolean"}
            setattr(resource, name, [*_without(own, tags), *({**pair, **more} for pair in _pairs(tags))])


def _property(resource: AWSObject) -> str | None:
    """The property of a resource's tags. The registry schema has the ones with other names, such as HostedZoneTags."""
    for name in ("Tags", "TagSpecifications"):
        if name in resource.props:
            return name
    known = (
        resource_type(str(resource.resource_type)) if any(each.endswith("Tags") for each in resource.props) else None
    )
    path = known.tag_property if known else None
    return path[0] if path and path[0] in resource.props else None


def _specified(resource: AWSObject, item: type[Any], own: list[Any], tags: Mapping[str, Any]) -> list[Any]:
    """TagSpecifications, with EC2's name of the resource type: AWS::EC2::EC2Fleet is `fleet`.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html
    """
    words = re.findall("[A-Z][a-z]+", str(resource.resource_type).rpartition("::")[2])
    itself = "-".join(words).lower()
    known = [each for each in own if each.properties.get("ResourceType") == itself]
    merged = item(ResourceType=itself, Tags=_merged(known[0].properties.get("Tags") if known else None, tags))
    return [*(each for each in own if each not in known), merged]


def _merged(own: Any, tags: Mapping[str, Any]) -> Tags:
    merged = Tags()
    merged.tags = [*_without(own, tags), *_pairs(tags)]
    return merged


def _pairs(tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _without(own: Any, tags: Mapping[str, Any]) -> list[Any]:
    """A resource's tags as a list, without those with the same keys."""
    listed = [] if own is None else own if isinstance(own, list) else getattr(own, "tags", None)
    if listed is None:
        raise TypeError(f"found tags as {type(own).__name__}; expected a list or Tags(...)")
    return [each for each in listed if _key(each) not in tags]


def _key(tag: Any) -> Any:
    """The key of a tag: plain data, or one of troposphere's classes."""
    return (tag if isinstance(tag, dict) else tag.to_dict()).get("Key")
