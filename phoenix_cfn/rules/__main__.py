"""Writes docs/rules.md from the rules' docstrings: `python -m phoenix_cfn.rules docs/rules.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from cfnlint.rules import Rules

from phoenix_cfn.rules._rule import Rule

HERE = Path(__file__).parent
FAMILIES = (
    "request",
    "database",
    "recovery",
    "retention",
    "alarms",
    "scaling",
    "pipeline",
    "roles",
    "stages",
    "removal",
)
PROVES = {
    "R1": "R1, infrastructure and application are set up automatically",
    "R2": "R2, recovery from crashes",
    "R3": "R3, seven days of logs and backups",
    "R4": "R4, notification of CPU peaks",
    "R5": "R5, a pipeline from a push to a release",
    "R6": "R6, scaling above ten requests per second",
    "wiring": "the wiring: values that two parts of the solution share",
    "security": "security",
    "stages": "stages side by side in one account",
    "removal": "complete removal",
}
KATA = (
    (
        "the container's name in the service, or in the image definitions, differs from the task definition's",
        "E9105 E9715",
    ),
    ("container port, target group and security groups disagree", "E9106 E9107 E9108 W9109 E9110 E9120"),
    ("the load balancer's security group allows no requests", "E9101"),
    ("the database's password is in a plain variable, an output or the pipeline's definition", "E9216 E9217 E9218"),
    ("the connection string lacks TLS", "E9206"),
    ("the CPU alarm has no action, or its topic no subscription", "E9501 E9502 E9506"),
    ("the scaling alarm has no dimensions, or its target is 10 requests per minute", "E9504 E9607 E9602"),
    ("log groups without retention, backups of one day", "E9401 E9407"),
    ("a private subnet without a route to the internet", "E9113"),
    ("the first run always fails, since the service is created before its image", "E9716"),
    ("every role is an administrator", "E9801 E9802"),
    ("S3 and ECR block the deletion", "E9951 E9952"),
    ("names overflow 32 characters in production", "E9902"),
    ("two stages collide in one account", "E9901 E9904 E9905"),
)
"""Faults of public solutions of the kata, and the rules that report them."""

INTRODUCTION = """\
# The rules

<!-- Written by `python -m phoenix_cfn.rules docs/rules.md` from the rules' docstrings: change these, not this file. -->

These are cfn-lint rules. They report templates that cfn-lint accepts and that do not deploy, or whose parts do not fit
together. Most of them are facts of AWS and apply to any template. Those of the **kata group** are the kata's policy,
such as seven days of logs and backups, ten requests per second, and names that contain the stage. They report only if
they are enabled. In this repository `.cfnlintrc` enables all of them, so that `cfn-lint`, an editor and `build.py`
report the same findings. For any other template, with the package installed beside cfn-lint:

    phoenix-cfn lint their.yml              # with the kata group: phoenix-cfn lint --kata their.yml
    cfn-lint their.yml -a phoenix_cfn.rules # with the kata group: cfn-lint their.yml -a phoenix_cfn.rules -c kata

The first command reads no configuration file; the second reads `.cfnlintrc` in the folder and in the home directory.
Put the template before `-a` (or after `-t`), because `-a` takes every name that follows it as rules. The folder
`phoenix_cfn/rules` works in place of the module. `phoenix-cfn lint --explain E9401` prints the section of a rule on
this page. A `.cfnlintrc` with both groups has two lines; for the general rules alone, omit the second:

    append_rules: [phoenix_cfn.rules]
    include_checks: [kata]

`include_checks` also accepts a single rule of the kata group, such as E9401, or a prefix of several ids.

Rules do not depend on how resources are named. They resolve Ref, GetAtt, Sub, Join, Select, FindInMap, conditions (each
combination of conditions is a scenario) and parameters (by their defaults). Rules do not report values that are
unknown because they are in another stack or in a parameter without a default. Rules for the pipeline read the deployed
template and the buildspec from the template's repository.

The build of a project writes the numbers of its settings into `.cfnlintrc`. For other templates, set them there:

    configure_rules:
      E9401: {days: 14}               # also E9407, E9410 and E9411
      E9602: {requests_a_second: 50}

To disable a rule for a resource on purpose, add this to the resource, with the reason in a comment:

    Metadata:
      cfn-lint:
        config:
          ignore_checks: [E9302]
"""


def rules(family: str) -> list[Rule]:
    """The rules of a family, by id."""
    found = Rules.create_from_directory(str(HERE / family))
    return [found[rule_id] for rule_id in sorted(found, key=lambda rule_id: rule_id[1:])]


def rendered() -> Iterator[str]:
    """The rule reference, line by line."""
    yield INTRODUCTION
    yield "| proves | rules |"
    yield "|---|---|"
    everything = [rule for family in FAMILIES for rule in rules(family)]
    for tag, title in PROVES.items():
        links = [f"[{rule.id}](#{rule.id.lower()})" for rule in everything if rule.tags[0] == tag]
        yield f"| {title} | {', '.join(links)} |"
    yield ""
    yield f"The kata group: {', '.join(f'[{rule.id}](#{rule.id.lower()})' for rule in everything if rule.kata)}."
    yield ""
    yield "Faults of public solutions of the kata, and the rules that report them:"
    yield ""
    yield "| fault | rules |"
    yield "|---|---|"
    for fault, ids in KATA:
        yield f"| {fault} | {', '.join(f'[{each}](#{each.lower()})' for each in ids.split())} |"
    for family in FAMILIES:
        yield ""
        yield f"## {(import_module(f'phoenix_cfn.rules.{family}').__doc__ or '').rstrip('.')}"
        for rule in rules(family):
            yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    sentence, *rest = inspect.cleandoc(rule.__doc__ or "").split("\n\n")
    yield ""
    yield f'### <a id="{rule.id.lower()}"></a>{rule.id} {rule.shortdesc}'
    yield ""
    yield sentence
    for paragraph in rest:
        heading, _, words = paragraph.partition(": ")
        yield ""
        yield f"**{heading}:** {words}"
    yield ""
    group = " Rule of the kata group." if rule.kata else ""
    yield f"Proves {PROVES[rule.tags[0]]}.{group} [Source]({rule.source_url})"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(rendered()) + "\n", encoding="utf-8")
