"""The project's .cfnlintrc, whose numbers of rules follow from the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.settings import Settings

FILE = ".cfnlintrc"
_SECTION = "configure_rules"


class ConfigurationError(PhoenixError):
    """A .cfnlintrc that cannot be used."""

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{FILE}: found {found}; expected {expected}. {remedy}")


def numbers(settings: Settings) -> dict[str, dict[str, int]]:
    """The numbers of the project's rules that settings change, by rule and name."""
    days, rate = settings.retention.days, settings.scaling.requests_per_second_per_task
    return {
        **{rule: {"days": days} for rule in ("E9401", "E9407", "E9410", "E9411")},
        "E9602": {"requests_a_second": rate},
    }


def with_numbers(text: str, settings: Settings) -> str:
    """The file with the numbers of the settings, without those that are the rules' defaults.

    The rest of the file does not change. Raises ConfigurationError.
    """
    found = _parsed(text)
    configured = found.get(_SECTION) or {}
    if not isinstance(configured, dict) or not all(isinstance(each, dict) for each in configured.values()):
        raise ConfigurationError(
            f"{_SECTION}: {configured!r}", "a mapping from rules to their settings", "Correct or remove it."
        )
    defaults = numbers(Settings())
    for rule in sorted(configured.keys() & defaults.keys()):
        if unknown := sorted(map(str, configured[rule].keys() - defaults[rule].keys())):
            raise ConfigurationError(
                f"{_SECTION}: {rule}: {', '.join(unknown)}", " or ".join(defaults[rule]), "Correct or remove the name."
            )
    wanted = _merged(configured, numbers(settings), defaults)
    if wanted == configured:
        return text
    before, after = _around_section(text)
    lines = [f"  {rule}: {json.dumps(wanted[rule])}\n" for rule in sorted(wanted)]
    section = f"{_SECTION}:\n{''.join(lines)}" if lines else ""
    return before + section + after


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(" ".join(str(error).split()), "YAML", "Correct that line.") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{found!r}", "a mapping such as `templates: [templates/*.yml]`", "Correct the file.")
    return found


def _merged(
    configured: Mapping[str, Mapping[str, Any]],
    chosen: Mapping[str, Mapping[str, int]],
    defaults: Mapping[str, Mapping[str, int]],
) -> dict[str, dict[str, Any]]:
    merged = {rule: dict(values) for rule, values in configured.items()}
    for rule, values in chosen.items():
        for name, value in values.items():
            if value == defaults[rule][name]:
                merged.get(rule, {}).pop(name, None)
            else:
                merged.setdefault(rule, {})[name] = value
    return {rule: values for rule, values in merged.items() if values}


def _around_section(text: str) -> tuple[str, str]:
    """The lines before and after the section; all lines are before it if it does not exist yet."""
    document = yaml.compose(text)
    assert isinstance(document, yaml.MappingNode)  # _parsed has checked it
    lines = text.splitlines(keepends=True)
    places = [key.start_mark.line for key, _ in document.value]
    for number, (key, _) in enumerate(document.value):
        if key.value == _SECTION:
            end = places[number + 1] if number + 1 < len(places) else len(lines)
            return "".join(lines[: places[number]]), "".join(lines[end:])
    return text if text.endswith("\n") else f"{text}\n", ""
