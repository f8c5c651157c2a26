"""A template's values as far as they are known before it is deployed: names, ARNs, references."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.cloudformation.names import REF_IS_ARN, REF_IS_URL
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.generated_names import generated
from phoenix_cfn.iam.identity import (
    ATTRIBUTES,
    IDENTIFIED,
    NAMES,
    OWNED,
    WITHOUT_TAG_CONDITIONS,
    Owned,
)

_NO_VALUE = {"Ref": "AWS::NoValue"}


class UnknownValueError(PhoenixError):
    """A value that the policy needs and that is not known before the stack exists: what it is, and what to do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = what, remedy or "Write the ARN with the resource's name in it."
        super().__init__(f"{what}. {self.remedy}")


class Template:
    """A template as plain data, and what is known of its values before it is deployed.

    `values` gives parameters and pseudo parameters as text, which may hold Fn::Sub variables of whatever template the
    policy is to stand in. Of what it does not give, parameters become `*`, and pseudo parameters stay variables; but a
    stack whose name is not given has no known names.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self.resources: dict[str, dict[str, Any]] = dict(template.get("Resources", {}))
        self._parameters: dict[str, dict[str, Any]] = dict(template.get("Parameters", {}))
        self._values = values
        self._stack = values.get("AWS::StackName")
        self.text = json.dumps(template)

    @property
    def stack_name(self) -> str | None:
        return self._stack

    def properties(self, logical_id: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.resources[logical_id].get("Properties", {})
        return properties

    def types(self) -> set[str]:
        return {resource["Type"] for resource in self.resources.values()}

    def of_type(self, resource_type: str) -> list[str]:
        return [each for each, resource in self.resources.items() if resource["Type"] == resource_type]

    def common_tags(self) -> dict[str, str]:
        """The tags with the same, known value on every resource that has tags at all."""
        tags = [
            {tag["Key"]: self.resolve(tag["Value"]) for tag in properties["Tags"]}
            for properties in map(self.properties, self.resources)
            if isinstance(properties.get("Tags"), list)
        ]
        shared = set.intersection(*(set(each.items()) for each in tags)) if tags else set()
        return {key: value for key, value in sorted(shared) if "*" not in value}

    def owned(self, logical_id: str) -> list[tuple[str, str]]:
        """Kind and ARN of what a resource creates, as far as that is known for its type."""
        return [(each.kind, self._arn(each, logical_id)) for each in self._owned(logical_id)]

    def _owned(self, logical_id: str) -> list[Owned]:
        properties, resource_type = self.properties(logical_id), self.resources[logical_id]["Type"]
        return [
            each
            for each in OWNED.get(resource_type, ())
            if not (each.unless and each.unless in properties) and (not each.needs or each.needs in properties)
        ]

    def resolve(self, value: Any) -> str:
        """The text that a value will have, `*` for what is not known; a `${` that is no variable is `${!`."""
        return re.sub(r"\*+", "*", self._resolve(value))

    def _unknown(self, what: str, remedy: str = "") -> str:
        """What stands for a value that is not known."""
        return "*"

    def _resolve(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, dict):
            return re.sub(r"\$\{(?!!)", "${!", str(value))
        if len(value) != 1:
            return self._unknown("a map")
        (function, argument), *_ = value.items()
        if function == "Ref":
            return self._reference(argument)
        if function == "Fn::GetAtt":
            return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
        if function == "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            return self._substitute(text, own)
        if function == "Fn::Join" and isinstance(argument[1], list):
            return str(argument[0]).join(self._resolve(each) for each in argument[1])
        if function == "Fn::If":
            # A property that is sometimes left out has its value whenever it is there.
            texts = {self._resolve(each) for each in argument[1:] if each != _NO_VALUE}
            return texts.pop() if len(texts) == 1 else self._unknown("one of two values, by a condition")
        return self._unknown(f"the result of {function}")

    def _substitute(self, text: str, own: Mapping[str, Any]) -> str:
        def known(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return match[0]
            if name in own:
                return self._resolve(own[name])
            return self._attribute(*name.split(".", 1)) if "." in name else self._reference(name)

        return re.sub(r"\$\{([^}]*)\}", known, text)

    def _reference(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        if name in self.resources:
            resource_type = self.resources[name]["Type"]
            if resource_type in REF_IS_ARN:
                return self._own_arn(name)
            if resource_type in REF_IS_URL:
                return self._unknown(f"the URL that Ref of {name} gives", f"Write Fn::GetAtt {name}.Arn.")
            return self._name(name) if resource_type in NAMES else self._id(name)
        pseudo = name.startswith("AWS::") and name not in ("AWS::StackName", "AWS::StackId", "AWS::NoValue")
        return f"${{{name}}}" if pseudo else self._parameter(name)

    def _parameter(self, name: str) -> str:
        return self._unknown(f"the parameter {name}")

    def _id(self, logical_id: str) -> str:
        """What Ref gives of a type that AWS identifies by something that it makes up."""
        return self._unknown(f"Ref of {logical_id}")

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if logical_id in self.resources:
            resource_type = self.resources[logical_id]["Type"]
            form = ATTRIBUTES.get((resource_type, attribute))
            if form is None and attribute == "Arn" and (self._owned(logical_id) or resource_type in IDENTIFIED):
                form = "{arn}"
            if form == "{name}":
                return self._name(logical_id)
            if form:
                return form.replace("{arn}", self._own_arn(logical_id))
        return self._unknown(f"the attribute {attribute} of {logical_id}")

    def _own_arn(self, logical_id: str) -> str:
        return self._arn(self._itself(logical_id), logical_id)

    def _itself(self, logical_id: str) -> Owned:
        return IDENTIFIED.get(self.resources[logical_id]["Type"]) or self._owned(logical_id)[0]

    def _property(self, name: str, logical_id: str) -> str:
        properties = self.properties(logical_id)
        return self._resolve(properties[name]) if name in properties else "*"

    def filled(self, text: str, logical_id: str) -> str:
        """A text with `{Property}`, `{name}` and `{path}` of a resource filled in; `*` for what is not known."""
        properties = self.properties(logical_id)

        def known(match: re.Match[str]) -> str:
            if match[1] == "name":
                return self._name(logical_id)
            if match[1] == "path":
                return self._path(logical_id)
            return match[2] if match[2] and match[1] not in properties else self._property(match[1], logical_id)

        return re.sub(r"\*+", "*", re.sub(r"(?<!\$)\{(\w+)(?:\|(\w+))?\}", known, text))

    def _arn(self, owned: Owned, logical_id: str) -> str:
        # A parameter's name may begin with the slash that its ARN has anyway.
        return self.filled(owned.arn, logical_id).replace(":parameter//", ":parameter/")

    def concrete(self, text: str) -> str:
        """The text with the pseudo parameters that are known."""
        return re.sub(r"\$\{(AWS::\w+)\}", lambda match: self._values.get(match[1], match[0]), text)

    def _name(self, logical_id: str) -> str:
        """The name as given, or the pattern of the one that CloudFormation will make."""
        properties = self.properties(logical_id)
        name = NAMES[self.resources[logical_id]["Type"]]
        if name.property in properties:
            return self._resolve(properties[name.property])
        if "BucketNamePrefix" in properties:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
            return self._resolve(properties["BucketNamePrefix"]) + "-${AWS::AccountId}-${AWS::Region}-an"
        return self._generated_name(logical_id)

    def _generated_name(self, logical_id: str, exact: bool = False) -> str:
        resource_type = self.resources[logical_id]["Type"]
        by_name_only = OWNED[resource_type][0].service in WITHOUT_TAG_CONDITIONS
        if self._stack is None and not by_name_only:
            return "*"
        longest = float("inf") if self._stack is None else self._longest(self._stack)
        return generated(NAMES[resource_type], self._stack, longest, logical_id, exact)

    def _path(self, logical_id: str) -> str:
        """A role's or policy's path and name: the path alone tells enough where it is not everybody's."""
        properties = self.properties(logical_id)
        path = self._resolve(properties.get("Path", "/"))
        named = NAMES[self.resources[logical_id]["Type"]].property in properties or path == "/"
        return path + (self._name(logical_id) if named else "*")

    def _longest(self, text: str) -> float:
        """The most characters that a text with Fn::Sub variables can have."""
        length = float(len(re.sub(r"\$\{[^}]*\}", "", text)))
        for name in re.findall(r"\$\{([^}]*)\}", text):
            length += float(self._parameters.get(name, {}).get("MaxLength", "inf"))
        return length
