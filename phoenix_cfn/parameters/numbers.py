"""Parameters with numbers, which CloudFormation checks before it creates resources."""

from __future__ import annotations

from troposphere import Parameter

from phoenix_cfn.cloudformation.facts import documentdb

# Patterns of the numbers with four digits from the key on.
_FOUR_DIGITS_FROM = {
    1024: r"102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}",
    documentdb.FIRST_PORT: r"11[5-9]\d|1[2-9]\d\d|[2-9]\d{3}",
}


def port(name: str, default: int, low: int, description: str) -> Parameter:
    """A port from `low` to 65535. A String, since CloudFormation would accept 8080.5 as a Number."""
    return Parameter(
        name,
        Type="String",
        Default=str(default),
        AllowedPattern=f"^({_FOUR_DIGITS_FROM[low]}|[1-5]\\d{{4}}|6[0-4]\\d{{3}}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])$",
        Description=description,
        ConstraintDescription=f"Enter a whole number from {low} to 65535.",
    )


def tasks(name: str, default: int, limit: int, description: str) -> Parameter:
    """A number of tasks, at most `limit`. The values are listed: a range would also accept 2.5."""
    parameter = number(name, default, 1, limit, description)
    parameter.AllowedValues = list(range(1, limit + 1))
    return parameter


def number(name: str, default: int, low: int, high: int, description: str) -> Parameter:
    """A number from `low` to `high`."""
    return Parameter(
        name,
        Type="Number",
        Default=default,
        MinValue=low,
        MaxValue=high,
        Description=description,
        ConstraintDescription=f"Enter a number from {low} to {high}.",
    )
