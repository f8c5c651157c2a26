"""The tables of docs/costs.md, for the default settings and changes of them.

After a change of prices or templates: `python -m tests.costs.page`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.costs import Costs, monthly_cost
from phoenix_cfn.costs.prices import prices

PAGE = Path(__file__).resolve().parents[2] / "docs/costs.md"

# A change of the defaults, and how the page writes it.
CHANGES: dict[str, dict[str, Any]] = {
    "`network.nat_gateways = 1`": {"network": {"nat_gateways": 1}},
    "`network.nat_gateways = 0`": {"network": {"nat_gateways": 0}},
    '`network.kind = "existing"`': {"network": {"kind": "existing"}},
    "`database.instances = 1`": {"database": {"instances": 1}},
    "`database.serverless_capacity = [0.5, 4]`, at the least": {"database": {"serverless_capacity": [0.5, 4]}},
    '`database.kind = "external"`': {"database": {"kind": "external"}},
    '`database.kind = "none"`': {"database": {"kind": "none"}},
    '`service.cpu_architecture = "ARM64"`': {"service": {"cpu_architecture": "ARM64"}},
    "`service.cpu = 256`, `service.memory = 512`": {"service": {"cpu": 256, "memory": 512}},
    "`scaling.min_tasks = 1`": {"scaling": {"min_tasks": 1}},
    "`load_balancer.rate_limit = 300`": {"load_balancer": {"rate_limit": 300}},
    '`load_balancer.https = "domain"`': {"load_balancer": {"https": "domain"}},
    '`deployment.strategy = "blue-green"`': {"deployment": {"strategy": "blue-green"}},
    "one task, one NAT gateway, no database": {
        "scaling": {"min_tasks": 1},
        "network": {"nat_gateways": 1},
        "database": {"kind": "none"},
    },
}


def of(chosen: dict[str, Any]) -> list[Costs]:
    """Both stacks."""
    settings = Settings.of(chosen)
    return [monthly_cost(each.template(settings).to_dict()) for each in (infrastructure, pipeline)]


def total(chosen: dict[str, Any]) -> float:
    return sum(each.monthly for each in of(chosen))


def price_table() -> Iterator[str]:
    yield "| one | price | AWS's page | quoted by |"
    yield "|---|---|---|---|"
    for each in prices().prices.values():
        quoted = f"[here]({each.seen})" if each.seen else "not confirmed"
        unit = "an hour" if each.unit == "hour" else "a month"
        yield f"| {each.of} | ${each.price:g} {unit} | <{each.page}> | {quoted} |"


def default_table() -> Iterator[str]:
    yield "| what | number | a month |"
    yield "|---|---|---|"
    lines = [line for each in of({}) for line in each.lines]
    for what in dict.fromkeys(line.what for line in lines):
        same = [line for line in lines if line.what == what]
        yield f"| {what} | {sum(each.count for each in same):g} | ${sum(each.monthly for each in same):.2f} |"
    yield f"| **sum** | | **${total({}):.2f}** |"


def change_table() -> Iterator[str]:
    yield "| setting | a month | difference |"
    yield "|---|---|---|"
    default = total({})
    for words, chosen in CHANGES.items():
        found = total(chosen)
        sign = "+" if found > default else "-" if found < default else ""
        yield f"| {words} | ${found:.2f} | {sign}${abs(found - default):.2f} |"


TABLES = {"prices": price_table, "defaults": default_table, "settings": change_table}


def written(text: str) -> str:
    """The page with new tables: each between two comments with its name."""
    for name, table in TABLES.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.S)
        text = between.sub(lambda match, rows=table: match[1] + "\n".join(rows()) + "\n" + match[2], text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
