"""What a template costs in a month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.cli import main
from phoenix_cfn.cloudformation.documents import read_template
from phoenix_cfn.costs import Costs, monthly_cost
from phoenix_cfn.costs.prices import prices
from tests.costs.page import PAGE, of, total, written


def counts(costs: Costs) -> dict[str | None, float]:
    return {line.price: line.count for line in costs.lines}


def of_resources(**resources: dict[str, Any]) -> Costs:
    return monthly_cost({"Resources": resources})


def test_the_default_stage() -> None:
    stage, release = of({})
    assert counts(stage) == {
        "fargate-x86-vcpu": 1,
        "fargate-x86-gb": 2,
        "load-balancer": 1,
        "public-address": 4,
        "nat-gateway": 2,
        "documentdb-db.t4g.medium": 2,
        "key": 1,
        "secret": 1,
        "alarm": 6,
        "high-resolution-alarm": 1,
        "dashboard": 1,
    }
    assert counts(release) == {"key": 1, "secret": 2}
    # 730 hours of a vCPU, at $0.04048.
    assert next(line.monthly for line in stage.lines if line.price == "fargate-x86-vcpu") == pytest.approx(29.5504)
    assert stage.monthly == pytest.approx(sum(line.monthly for line in stage.lines))


def test_parameters_count(default_templates: Path) -> None:
    template = read_template(default_templates / "Infrastructure.yml")
    assert counts(monthly_cost(template, {"MinRunningTasks": "4"}))["fargate-x86-vcpu"] == 2


def test_every_setting_that_saves_does() -> None:
    for cheaper, dearer in (
        ({"network": {"nat_gateways": 1}}, {}),
        ({"database": {"instances": 1}}, {}),
        ({"database": {"kind": "none"}}, {"database": {"instances": 1}}),
        ({"service": {"cpu_architecture": "ARM64"}}, {}),
        ({}, {"load_balancer": {"rate_limit": 10}}),
    ):
        assert total(cheaper) < total(dearer), (cheaper, dearer)


def test_endpoints_cost_in_each_subnet_and_gateways_nothing() -> None:
    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["subnet-1", "subnet-2"]}
    found = of_resources(
        Logs={"Type": "AWS::EC2::VPCEndpoint", "Properties": interface},
        S3={"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}},
    )
    assert counts(found) == {"endpoint": 2}


def test_a_nat_gateway_is_cheaper_from_three_endpoints_on_as_the_page_states() -> None:
    table, zones = prices(), 2
    gateway = table.monthly("nat-gateway") + table.monthly("public-address")
    assert 2 * zones * table.monthly("endpoint") < gateway < 3 * zones * table.monthly("endpoint")
    assert "From three endpoints on, one NAT gateway" in PAGE.read_text(encoding="utf-8")


def test_a_resource_whose_condition_does_not_hold_costs_nothing() -> None:
    template = {
        "Parameters": {"Dashboard": {"Type": "String", "Default": "no"}},
        "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Dashboard"}, "yes"]}},
        "Resources": {"It": {"Type": "AWS::CloudWatch::Dashboard", "Condition": "Wanted", "Properties": {}}},
    }
    assert monthly_cost(template).lines == ()
    assert monthly_cost(template, {"Dashboard": "yes"}).monthly == 3


def test_what_has_no_price_is_listed_without_one() -> None:
    found = of_resources(
        Db={"Type": "AWS::DocDB::DBInstance", "Properties": {"DBInstanceClass": "db.r8g.16xlarge"}},
    )
    assert [(line.what, line.price, line.monthly) for line in found.lines] == [
        ("documentdb-db.r8g.16xlarge", None, 0.0)
    ]


def test_the_table_of_prices_has_its_sources() -> None:
    table = prices()
    assert (table.region, table.currency, table.hours) == ("us-east-1", "USD", 730)
    for each in table.prices.values():
        assert each.price > 0
        assert each.unit in ("hour", "month")
        assert each.page.startswith("https://aws.amazon.com/")
        assert each.seen == "" or each.seen.startswith("https://")


def test_the_page_is_as_written() -> None:
    """After a change of prices or templates: python -m tests.costs.page."""
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page


def test_the_command_prints_the_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "phoenix.toml").write_text('[database]\nkind = "none"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["costs", "--set", "MinRunningTasks=1"]) == 0
    text = capsys.readouterr().out
    assert "DocumentDB" not in text
    vcpu = next(line for line in text.splitlines() if line.startswith("vCPU of Fargate"))
    assert vcpu.split()[-2:] == ["0.5", "14.78"]
