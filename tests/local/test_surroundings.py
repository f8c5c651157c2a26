"""What surrounds a stage follows from its settings, and has what the pipeline's template asks for."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from phoenix_cfn import Settings, pipeline
from phoenix_cfn.local.errors import LocalError
from phoenix_cfn.local.surroundings import surroundings

# What a person types, or what has a default.
TYPED = {"GithubUsername", "GithubRepository", "GithubBranch", "GithubOAuthToken"}
NETWORKS: list[dict[str, Any]] = [{}, {"network": {"kind": "existing"}}]
HTTPS: list[dict[str, Any]] = [{}, *({"load_balancer": {"https": kind}} for kind in ("certificate", "domain"))]
DATABASES: list[dict[str, Any]] = [{}, *({"database": {"kind": kind}} for kind in ("external", "none"))]


@pytest.mark.parametrize("chosen", [*itertools.product(NETWORKS, HTTPS, DATABASES)], ids=str)
def test_every_parameter_has_a_value(chosen: tuple[dict[str, Any], ...]) -> None:
    settings = Settings.of({key: value for part in chosen for key, value in part.items()})
    parameters = pipeline.template(settings).to_dict()["Parameters"]
    needed = {name for name, each in parameters.items() if "Default" not in each} - TYPED
    assert surroundings(settings, "dev", {}, {})["Outputs"].keys() == needed


def test_nothing_surrounds_the_defaults() -> None:
    assert surroundings(Settings(), "dev", {}, {}) == {"Resources": {}, "Outputs": {}}


def test_a_parameter_that_is_given_is_not_another_one() -> None:
    settings = Settings.of({"load_balancer": {"https": "domain"}})
    found = surroundings(settings, "dev", {"DomainName": "shop.example.org"}, {})
    assert found["Resources"]["Zone"]["Properties"]["Name"] == "example.org"
    assert found["Outputs"].keys() == {"HostedZoneId"}


def test_secrets_have_the_values_of_the_environment() -> None:
    secrets = {"ONE": "${StagePrefix}/shop:one", "TWO": "${StagePrefix}/shop:two", "WHOLE": "token"}
    settings = Settings.of({"service": {"secrets": secrets}})
    found = [
        each["Properties"]
        for each in surroundings(settings, "qa", {}, {"ONE": "1", "WHOLE": "w"})["Resources"].values()
    ]
    assert {each["Name"]: each["SecretString"] for each in found} == {
        "qa/shop": json.dumps({"one": "1", "two": "local"}),
        "token": "w",
    }


def test_the_external_database_is_the_one_of_the_environment() -> None:
    settings = Settings.of({"database": {"kind": "external", "variable": "DATABASE_URL"}})
    (secret,) = surroundings(settings, "dev", {}, {"DATABASE_URL": "postgres://x"})["Resources"].values()
    assert secret["Properties"]["SecretString"] == "postgres://x"


def test_a_secret_of_another_account_is_refused() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mail-AbCdEf"
    settings = Settings.of({"service": {"secrets": {"MAIL": arn}}})
    with pytest.raises(
        LocalError, match=r"service\.secrets\.MAIL: found an ARN of account 123456789012; expected a name"
    ):
        surroundings(settings, "dev", {}, {})
