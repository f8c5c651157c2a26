"""The values of a template that are known before it is deployed: names, ARNs, references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import copy
from itertools import combinations
from typing import Any

from phoenix_cfn.cloudformation.functions import scalar, sub_arguments
from phoenix_cfn.cloudformation.names import RANDOM_ENDING, REF_IS_ARN, REF_IS_URL
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.alternatives import alternatives, attribute_arguments, may_be_absent, members
from phoenix_cfn.iam.generated_names import generated
from phoenix_cfn.iam.identity import (
    ATTRIBUTES,
    IDENTIFIED,
    NAMES,
    OWNED,
    WITHOUT_TAG_CONDITIONS,
    Owned,
)

# A variable within it has its own brace.
_DYNAMIC = re.compile(r"\{\{resolve:(?:\$\{[^}]*\}|[^}])*\}\}")
_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
# The number of characters of a stack's name that are in all generated names.
_KEPT = 20
_PLACE = ("AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::URLSuffix")
# The properties of tags with a name other than Tags.
_TAG_PROPERTIES = ("Tags", "FileSystemTags", "HostedZoneTags", "TagList", "UserPoolTags")


NESTED = "AWS::CloudFormation::Stack"


def open_pattern(text: str) -> str:
    """A text with `*` for each `${!`, with or without a closing brace."""
    return re.sub(r"\$\{![^}]*\}?", "*", text)


class UnknownValueError(PhoenixError):
    """A value that the policy needs and that is unknown before the stack exists: `what` it is, and the `remedy`."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = what, remedy or "Use the ARN with the resource's name."
        super().__init__(f"{what}. {self.remedy}")


class Template:
    """A template as plain data, with the values that are known before it is deployed.

    `values` has parameters and pseudo parameters as text, which may contain Fn::Sub variables of the policy's template.
    All other parameters become `*`, and all other pseudo parameters stay variables; without the stack's name, generated
    names are unknown. `nested` has the nested stacks with known templates.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self.resources: dict[str, dict[str, Any]] = {str(key): each for key, each in template["Resources"].items()}
        self.parameters: dict[str, dict[str, Any]] = dict(template.get("Parameters", {}))
        self._mappings: Any = template.get("Mappings", {})
        self._outputs: Any = template.get("Outputs", {})
        self.nested: dict[str, Template] = {}
        self.values = values
        partition = _SUFFIXES.get(values.get("AWS::Partition", ""))
        self._values = {**({"AWS::URLSuffix": partition} if partition else {}), **values}
        self._stack = values.get("AWS::StackName")
        self.text = json.dumps(template, default=str, skipkeys=True)

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
        """The tags with the same known value on all resources with tags.

        None if the tags of a resource are unknown.
        """
        every = [tags for tags in map(self._tags, self.resources) if tags != {}]
        if not every or None in every:
            return {}
        certain = [{key: values for key, values in tags.items() if len(values) == 1} for tags in every if tags]
        shared = {
            (key, value)
            for key, (value, *_) in certain[0].items()
            if all(tags.get(key) == {value} for tags in certain) and not re.search(r"\*|\$\{!", value)
        }
        return dict(sorted(shared))

    def _tags(self, logical_id: str) -> dict[str, set[str]] | None:
        """All alternatives of each tag of a resource; None if they are unknown."""
        found: dict[str, set[str]] = {}
        properties = self.properties(logical_id)
        for each in members([properties[name] for name in _TAG_PROPERTIES if name in properties]):
            if not isinstance(each, Mapping) or any(str(key).startswith(("Fn::", "Ref")) for key in each):
                return None
            pairs = [(each["Key"], each.get("Value", ""))] if "Key" in each else list(each.items())
            for key, value in pairs:
                name = self.resolve(key)
                if re.search(r"\*|\$\{!", name):
                    return None
                found.setdefault(name, set()).update(map(self.resolve, alternatives(value)))
        return found

    def owned(self, logical_id: str) -> list[tuple[str, str]]:
        """Kind and ARN of the resources that a resource creates, as far as they are known for its type."""
        variants = (self._without(logical_id, names) for names in self._absences(logical_id))
        found = (variant._created(logical_id) for variant in variants)
        return list(dict.fromkeys(each for created in found for each in created))

    def _created(self, logical_id: str) -> list[tuple[str, str]]:
        return [(each.kind, self._arn(each, logical_id)) for each in self._owned(logical_id)]

    def _absences(self, logical_id: str) -> Iterator[tuple[str, ...]]:
        """All combinations of properties that conditions can omit: each has another name or ARN."""
        resource_type = self.resources[logical_id]["Type"]
        optional = [name for name, value in self.properties(logical_id).items() if may_be_absent(value)]
        naming = NAMES.get(resource_type)
        places = " ".join(f"{each.arn} {{{each.unless}}} {{{each.needs}}}" for each in OWNED.get(resource_type, ()))
        used = [
            name
            for name in optional
            if re.search(rf"\{{{re.escape(name)}[}}|]", places)
            or name == "Path"
            or (naming and name == naming.property)
        ]
        for number in range(len(used) + 1):
            yield from combinations(used, number)

    def _without(self, logical_id: str, names: tuple[str, ...]) -> Template:
        """The template without these properties of a resource."""
        if not names:
            return self
        resource = self.resources[logical_id]
        kept = {name: value for name, value in self.properties(logical_id).items() if name not in names}
        other = copy(self)
        other.resources = {**self.resources, logical_id: {**resource, "Properties": kept}}
        return other

    def _owned(self, logical_id: str) -> list[Owned]:
        properties, resource_type = self.properties(logical_id), self.resources[logical_id]["Type"]
        return [
            each
            for each in OWNED.get(resource_type, ())
            if not (each.unless and each.unless in properties) and (not each.needs or each.needs in properties)
        ]

    def resolve(self, value: Any) -> str:
        """The text of a value, with `*` for unknown parts; a `${` that is not a variable is `${!`."""
        return self._known(self._resolve(value))

    def pattern(self, value: Any) -> str:
        """The text with `*` for a `${` that is not a variable, which would be a policy variable in IAM."""
        return open_pattern(self.resolve(value))

    def _known(self, text: str) -> str:
        return re.sub(r"\*+", "*", _DYNAMIC.sub(lambda _: self._unknown("a dynamic reference"), text))

    def _unknown(self, what: str, remedy: str = "") -> str:
        """The text for an unknown value."""
        return "*"

    def _resolve(self, value: Any) -> str:
        plain = scalar(value)
        if plain is not None:
            return re.sub(r"\$\{(?!!)", "${!", plain)
        if not isinstance(value, Mapping) or len(value) != 1:
            return self._unknown("a map" if isinstance(value, Mapping) else "a list")
        ((function, argument),) = value.items()
        if function == "Ref" and isinstance(argument, str):
            return self._reference(argument)
        if function == "Ref" and not isinstance(argument, Mapping):
            raise ValueError(f"Ref of {json.dumps(argument, default=str)}")
        if function == "Fn::GetAtt":
            names = attribute_arguments(argument)
            return self._attribute(*names) if names else self._unknown("the result of Fn::GetAtt")
        if function == "Fn::Sub":
            pattern, own = sub_arguments(argument)
            return self._substitute(pattern, own) if isinstance(pattern, str) else self._unknown("a pattern of Fn::Sub")
        if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            listed = self._listed(argument[1])
            if listed is not None and isinstance(argument[0], str):
                return argument[0].join(map(self._resolve, listed))
        if function == "Fn::If":
            # A property that a condition can omit has one value if it is set.
            texts = {self._resolve(each) for each in alternatives(value) if each is not value}
            return texts.pop() if len(texts) == 1 else self._unknown("one of two values, by a condition")
        if function == "Fn::FindInMap":
            return self._mapped(argument)
        return self._unknown(f"the result of {function}")

    def _listed(self, value: Any) -> list[Any] | None:
        """The members of a list, or of a known list parameter; None for other values."""
        if isinstance(value, list):
            return None if any(isinstance(each, list) or may_be_absent(each) for each in value) else value
        name = value.get("Ref") if isinstance(value, Mapping) else None
        declared = self.parameters.get(name, {}) if isinstance(name, str) else {}
        is_list = str(declared.get("Type")).startswith(("CommaDelimitedList", "List<"))
        if is_list and name in self._values:
            return [each.strip() for each in self._values[name].split(",")]
        return None

    def _mapped(self, argument: Any) -> str:
        """The result of Fn::FindInMap."""
        node: Any = self._mappings
        for key in argument[:3] if isinstance(argument, list) and len(argument) >= 3 else ():
            name = self._resolve(key)
            node = node.get(name) if isinstance(node, Mapping) else None
        plain = scalar(node)
        return self._unknown("the result of Fn::FindInMap") if plain is None else re.sub(r"\$\{(?!!)", "${!", plain)

    def _substitute(self, text: str, own: Mapping[str, Any]) -> str:
        def known(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return match[0]
            if name in own:
                return self._resolve(own[name])
            return self._attribute(*name.split(".", 1)) if "." in name else self._reference(name)

        return re.sub(r"\$\{([^}]*)\}", known, text)

    def _reference(self, name: str) -> str:
        if name in self._values and not self._is_stored(name):
            return self._values[name]
        if name in self.resources:
            resource_type = self.resources[name]["Type"]
            if resource_type in REF_IS_ARN:
                return self._own_arn(name)
            if resource_type in REF_IS_URL:
                return self._unknown(f"the URL of Ref {name}", f"Use Fn::GetAtt {name}.Arn.")
            return self._name(name) if resource_type in NAMES else self._id(name)
        return f"${{{name}}}" if name in _PLACE else self._parameter(name)

    def _is_stored(self, name: str) -> bool:
        """Whether a parameter's value is the name of a parameter in Parameter Store."""
        return str(self.parameters.get(name, {}).get("Type")).startswith("AWS::SSM::Parameter::Value")

    def has_unset_references(self) -> bool:
        """Whether the Parameter Store parameter of a template's parameter is unknown."""
        return any(
            self._is_stored(name) and "Default" not in declared and name not in self.values
            for name, declared in self.parameters.items()
        )

    def _parameter(self, name: str) -> str:
        return self._unknown(f"the parameter {name}")

    def _id(self, logical_id: str) -> str:
        """The Ref of a type with a generated id."""
        return self._unknown(f"Ref of {logical_id}")

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if logical_id in self.resources:
            resource_type = self.resources[logical_id]["Type"]
            form = ATTRIBUTES.get((resource_type, attribute))
            if form is None and attribute == "Arn" and (self._owned(logical_id) or resource_type in IDENTIFIED):
                form = "{arn}"
            if logical_id in self.nested and attribute.startswith("Outputs."):
                return self.nested[logical_id].output(attribute.removeprefix("Outputs."))
            if form == "{name}":
                return self._name(logical_id)
            if form:
                return form.replace("{arn}", self._own_arn(logical_id))
        return self._unknown(f"the attribute {attribute} of {logical_id}")

    def output(self, name: str) -> str:
        """The value of an output."""
        output = self._outputs.get(name) if isinstance(self._outputs, Mapping) else None
        value = output.get("Value") if isinstance(output, Mapping) else None
        return self._unknown(f"the output {name}") if value is None else self.resolve(value)

    def _own_arn(self, logical_id: str) -> str:
        return self._arn(self._itself(logical_id), logical_id)

    def _itself(self, logical_id: str) -> Owned:
        return IDENTIFIED.get(self.resources[logical_id]["Type"]) or self._owned(logical_id)[0]

    def _property(self, name: str, logical_id: str) -> str:
        properties = self.properties(logical_id)
        # Some properties accept a name or an ARN.
        return re.sub(r"^arn:.*[:/]", "", self._resolve(properties[name])) if name in properties else "*"

    def filled(self, text: str, logical_id: str) -> str:
        """A text with the values of `{Property}`, `{name}` and `{path}` of a resource; `*` for unknown values."""
        properties = self.properties(logical_id)

        def known(match: re.Match[str]) -> str:
            if match[1] == "name":
                return self._name(logical_id)
            if match[1] == "path":
                return self._path(logical_id)
            return match[2] if match[2] and match[1] not in properties else self._property(match[1], logical_id)

        return self._known(re.sub(r"(?<!\$)\{(\w+)(?:\|(\w+))?\}", known, text))

    def _arn(self, owned: Owned, logical_id: str) -> str:
        # The name of a parameter may begin with the slash of its ARN.
        return self.filled(owned.arn, logical_id).replace(":parameter//", ":parameter/")

    def concrete(self, text: str) -> str:
        """The text with the values of known pseudo parameters."""
        return re.sub(r"\$\{(AWS::\w+)\}", lambda match: self._values.get(match[1], match[0]), text)

    def longest(self) -> dict[str, int]:
        """The maximum lengths of parameters with MaxLength."""
        declared = {name: str(each.get("MaxLength", "")) for name, each in self.parameters.items()}
        return {name: int(most) for name, most in declared.items() if most.isdecimal()}

    def _name(self, logical_id: str) -> str:
        """The name in the template, or the pattern of the generated name."""
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
        """The path and name of a role or policy: a path other than / is specific enough."""
        properties = self.properties(logical_id)
        path = "/" + self._resolve(properties.get("Path", "/")).removeprefix("/")
        named = self._is_named(logical_id) or path in ("/", "/service-role/")
        name = self._name(logical_id) if named else "*"
        if name == "*" and named and self._stack and "${" not in self._stack:
            # The part of a stack's name in a shortened generated name.
            name = self._stack[:_KEPT] + "*" if not self._is_named(logical_id) else name
        return path + name

    def _is_named(self, logical_id: str) -> bool:
        return NAMES[self.resources[logical_id]["Type"]].property in self.properties(logical_id)

    def _longest(self, text: str) -> float:
        """The maximum length of a text with Fn::Sub variables."""
        length = float(len(re.sub(r"\$\{[^}]*\}", "", text)) + text.count("*") * RANDOM_ENDING)
        return length + sum(self.longest().get(name, float("inf")) for name in re.findall(r"\$\{([^}]*)\}", text))
