"""Every parameter and setting accepts what AWS accepts at each place that a value reaches, and refuses the rest."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from phoenix_cfn import Settings, choices, infrastructure, pipeline
from phoenix_cfn.cloudformation.schemas import resource_schema
from phoenix_cfn.errors import SettingsError
from phoenix_cfn.pipeline.sources import KINDS
from phoenix_cfn.settings import FARGATE_SIZES
from tests import inputs
from tests.inputs import SETTINGS, Row
from tests.pipeline import test_sources

PARTITION = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "dev-phoenix-infrastructure",
}
# What AWS takes where the registry schema does not say it, by type and property.
AWS = {
    ("AWS::DocDB::DBCluster", "MasterUsername"): r"(?!(?i:admin|rdsadmin|serviceadmin)$)[A-Za-z][A-Za-z0-9]{0,62}",
    ("AWS::DocDB::DBCluster", "Port"): r"11[5-9]\d|1[2-9]\d\d|[2-9]\d{3}|\d{5}",
    ("AWS::DocDB::DBCluster", "DBClusterIdentifier"): r"(?!.*--)[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    ("AWS::DocDB::DBInstance", "DBInstanceIdentifier"): r"(?!.*--)[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    ("AWS::IAM::Role", "Path"): r"/(?!aws-)[a-z][!-~]{0,510}/",
    ("AWS::CodePipeline::Pipeline", "Owner"): r"[A-Za-z0-9_-]{1,39}",
}

PARAMETERS = inputs.PARAMETERS | test_sources.PARAMETERS


@cache
def templates(settings: Settings) -> list[dict[str, Any]]:
    return [pipeline.template(settings).to_dict(), infrastructure.template(settings).to_dict()]


# Settings that add parameters.
WITH_PARAMETERS: list[dict[str, Any]] = [
    *({"pipeline": {"source": source}} for source in KINDS),
    {"database": {"kind": "external"}},
    {"database": {"from_snapshot": True}},
    {"network": {"kind": "existing"}},
    {"load_balancer": {"https": "certificate"}},
    {"load_balancer": {"https": "domain"}},
]


@cache
def declared() -> dict[str, list[dict[str, Any]]]:
    """Every parameter, with its declarations."""
    found: dict[str, list[dict[str, Any]]] = {}
    for chosen in WITH_PARAMETERS:
        for template in templates(Settings.of(chosen)):
            for name, parameter in template["Parameters"].items():
                if parameter not in found.setdefault(name, []):
                    found[name].append(parameter)
    return found


def accepts(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation takes the value.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    if parameter["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            return False
        listed = number in parameter.get("AllowedValues", [number])
        return listed and bool(parameter["MinValue"] <= number <= parameter["MaxValue"])
    if not parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", 4096):
        return False
    return re.fullmatch(parameter["AllowedPattern"], value) is not None


def cases(table: dict[str, Row], kind: str) -> list[tuple[str, Any]]:
    return [(name, value) for name, row in table.items() for value in getattr(row, kind)]


def test_every_parameter_and_every_setting_has_a_row() -> None:
    assert set(PARAMETERS) == set(declared())
    assert set(SETTINGS) == set(choices.names(Settings))
    for row in (*PARAMETERS.values(), *SETTINGS.values()):
        assert row.accepted
        assert row.refused
        assert row.source


@pytest.mark.parametrize(("name", "value"), cases(PARAMETERS, "accepted"))
def test_a_parameter_accepts(name: str, value: str) -> None:
    for parameter in declared()[name]:
        assert accepts(parameter, value)


@pytest.mark.parametrize(("name", "value"), cases(PARAMETERS, "refused"))
def test_a_parameter_refuses(name: str, value: str) -> None:
    for parameter in declared()[name]:
        assert not accepts(parameter, value)


def test_every_default_is_accepted() -> None:
    for name, parameters in declared().items():
        for parameter in parameters:
            assert "Default" not in parameter or accepts(parameter, str(parameter["Default"])), name


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_refusal_says_what_is_accepted(name: str) -> None:
    for parameter in declared()[name]:
        assert PARAMETERS[name].says in parameter["ConstraintDescription"]


def test_a_pattern_means_the_same_to_java_and_to_python() -> None:
    """CloudFormation's patterns are Java's: there `[` and `&&` within a class mean more."""
    for name, parameters in declared().items():
        for parameter in parameters:
            pattern = parameter.get("AllowedPattern", "^$")
            assert pattern.startswith("^"), name
            assert pattern.endswith("$"), name
            assert "(?P" not in pattern, name
            for inside in re.findall(r"\[((?:\\.|[^\]\\])*)\]", pattern):
                assert "[" not in inside, name
                assert "&&" not in inside, name


@pytest.mark.parametrize(("name", "first"), [("ContainerPort", 1024), ("MongoDBPort", 1150)])
def test_a_port_is_any_whole_number_of_its_range(name: str, first: int) -> None:
    for parameter in declared()[name]:
        assert [port for port in range(70_000) if accepts(parameter, str(port))] == list(range(first, 65_536))


# What reaches a resource: the template with the value in the parameter's place.


def filled(value: Any, known: dict[str, str]) -> Any:
    """The value with parameters and pseudo parameters replaced; None for what only AWS knows."""
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return known.get(argument)
        if name == "Fn::Sub" and isinstance(argument, str):
            names = re.findall(r"\$\{([^!}]+)\}", argument)
            if any(each not in known for each in names):
                return None
            return re.sub(r"\$\{([^!}]+)\}", lambda match: known[match[1]], argument)
        if name.startswith("Fn::"):
            return None
    return {key: filled(each, known) for key, each in value.items()}


def broken(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str) -> Iterator[str]:
    """What a value breaks of its registry schema: patterns, lengths, ranges and lists of values."""
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        for key, each in value.items():
            yield from broken(each, schema.get("properties", {}).get(key, {}), root, f"{place}/{key}")
    elif isinstance(value, list):
        for each in value:
            yield from broken(each, schema.get("items", {}), root, place)
    elif isinstance(value, str) and "string" in schema.get("type", "string"):
        # Python has no \p.
        pattern = schema.get("pattern", "").replace(r"\p{Print}", "[ -~]")
        if not re.search(re.sub(r"\\p\{[LNZ]\}", r"\\w\\s", pattern), value):
            yield f"{place}: {value!r} is not {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{place}: {value!r} has {len(value)} characters"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place}: {value!r} is not one of {schema['enum']}"
    elif isinstance(value, str):
        number = float(value)
        if "number" not in schema["type"] and not number.is_integer():
            yield f"{place}: {value} is no whole number"
        if not schema.get("minimum", number) <= number <= schema.get("maximum", number):
            yield f"{place}: {value} is out of range"


def complaints(template: dict[str, Any], values: dict[str, str]) -> list[str]:
    """What AWS refuses of a template's resources, with these values of its parameters."""
    defaults = {
        name: str(each.get("Default", PARAMETERS[name].accepted[-1])) for name, each in template["Parameters"].items()
    }
    found: list[str] = []
    for title, resource in template["Resources"].items():
        schema = resource_schema(resource["Type"]) or {}
        properties = filled(resource.get("Properties", {}), {**PARTITION, **defaults, **values})
        found += broken(properties, schema, schema, title)
        found += [
            f"{title}/{key}: {properties[key]!r} is not {pattern}"
            for (kind, key), pattern in AWS.items()
            if kind == resource["Type"] and properties.get(key) is not None
            if not re.fullmatch(pattern, str(properties[key]))
        ]
    return found


@pytest.mark.parametrize(("name", "value"), cases(PARAMETERS, "accepted"))
def test_what_a_parameter_accepts_satisfies_every_resource_that_it_reaches(name: str, value: str) -> None:
    for chosen in WITH_PARAMETERS:
        for template in templates(Settings.of(chosen)):
            if name in template["Parameters"]:
                assert complaints(template, {name: value}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MongoDBMasterUsername", "admin"),
        ("MongoDBPort", "1149"),
        ("ContainerPort", "65536"),
        ("ContainerPort", "8080.5"),
        ("MinRunningTasks", "2.5"),
        ("StagePrefix", "a--b"),
        ("StagePrefix", "aws-service"),
    ],
)
def test_the_resources_refuse_what_the_parameters_refuse(name: str, value: str) -> None:
    """The test above can fail."""
    assert [each for template in templates(Settings()) for each in complaints(template, {name: value})]


def chosen(name: str, value: Any) -> Settings:
    """The settings with one value, as phoenix.toml gives it; `name` is its key, such as `service.cpu`."""
    group, _, key = name.rpartition(".")
    plain = list(value) if isinstance(value, tuple) else value
    return Settings.of({group: {key: plain}} if group else {key: plain})


@pytest.mark.parametrize(("name", "value"), cases(SETTINGS, "accepted"))
def test_a_setting_accepts(name: str, value: Any) -> None:
    settings = chosen(name, value)
    assert operator.attrgetter(name)(settings) == value
    longest = {"StagePrefix": "a" * 20}
    assert [each for template in templates(settings) for each in complaints(template, longest)] == []


@pytest.mark.parametrize(("name", "value"), cases(SETTINGS, "refused"))
def test_a_setting_refuses(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as error:
        chosen(name, value)
    assert SETTINGS[name].says in str(error.value)
    assert re.search(r": found .*; expected .*\. .*\.$", str(error.value))


@pytest.mark.parametrize("cpu", FARGATE_SIZES)
def test_every_size_of_fargate_is_accepted_with_its_memory_only(cpu: int) -> None:
    sizes = {size for each in FARGATE_SIZES.values() for size in each}
    for memory in sizes:
        if memory in FARGATE_SIZES[cpu]:
            assert Settings.of({"service": {"cpu": cpu, "memory": memory}}).service.memory == memory
        else:
            with pytest.raises(SettingsError, match="which Fargate offers with cpu"):
                Settings.of({"service": {"cpu": cpu, "memory": memory}})
