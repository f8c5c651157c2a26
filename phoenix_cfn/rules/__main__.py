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
    "R4": "R4, CPU peaks are notified",
    "R5": "R5, a pipeline from a push to a release",
    "R6": "R6, scaling above ten requests a second",
    "wiring": "the wiring: what one part says, another part knows",
    "security": "security",
    "stages": "stages side by side in one account",
    "removal": "removal without a rest",
}
KATA = (
    (
        "the container's name in the service, or in the image definitions, differs from the task definition's",
        "E9105 E9715",
    ),
    ("container port, target group and security groups disagree", "E9106 E9107 E9108 W9109 E9110 E9120"),
    ("the load balancer's security group lets nobody in", "E9101"),
    ("the database's password is a plain variable, an output, or in the pipeline's definition", "E9216 E9217 E9218"),
    ("the connection string lacks TLS", "E9206"),
    ("the CPU alarm has no action, or its topic no subscriber", "E9501 E9502 E9506"),
    ("the scaling alarm has no dimensions, or its target is 10 a minute", "E9504 E9607 E9602"),
    ("log groups without retention, backups of one day", "E9401 E9407"),
    ("a private subnet without a way out", "E9113"),
    ("the first run fails by design, since the service exists before its image", "E9716"),
    ("every role is an administrator", "E9801 E9802"),
    ("S3 and ECR block the deletion", "E9951 E9952"),
    ("names overflow 32 characters in production", "E9902"),
    ("two stages collide in one account", "E9901 E9904 E9905"),
)
"""What goes wrong in public solutions of the kata, and the rules that see it."""

INTRODUCTION = """\
# The rules

<!-- Written by `python -m phoenix_cfn.rules docs/rules.md` from the rules' docstrings: change these, not this file. -->

A template that passes these rules deploys, and its parts fit together. They are rules of cfn-lint, in its own form.
Most are facts of AWS and hold for any template. Those of the **kata group** are the kata's policy: seven days of logs
and backups, ten requests a second, names that carry the stage, and so on. They report only where they are asked for.
In this repository `.cfnlintrc` asks for all of them, so that a bare `cfn-lint`, an editor and `build.py` say the same.
On any other template, with the package installed beside cfn-lint:

    phoenix-cfn lint their.yml              # the kata group, too: phoenix-cfn lint --kata their.yml
    cfn-lint their.yml -a phoenix_cfn.rules # the kata group, too: cfn-lint their.yml -a phoenix_cfn.rules -c kata

The first reads no configuration file; the second reads the `.cfnlintrc` of the folder and of the home. The template
stands before `-a` (or behind `-t`), since `-a` takes every name that follows it for rules. The folder
`phoenix_cfn/rules` works in the module's place. `phoenix-cfn lint --explain E9401` prints what this page says of a
rule. A `.cfnlintrc` with both groups has two lines, with the general rules alone the first of them:

    append_rules: [phoenix_cfn.rules]
    include_checks: [kata]

`include_checks` also takes a single rule of the kata group, such as E9401, or the beginning of several ids.

Rules judge what a template says, not how its parts are named. They follow Ref, GetAtt, Sub, Join, Select, FindInMap,
conditions (each scenario that the conditions tell apart) and parameters (by their defaults). What a template does not
tell, because it lies in another stack or in a parameter without a default, no rule complains about. Rules on the
pipeline read the deployed template and the buildspec from the repository in which the template lies.

The build of a project writes the numbers of its settings into `.cfnlintrc`. For other templates, set them there:

    configure_rules:
      E9401: {days: 14}               # also E9407, E9410 and E9411
      E9602: {requests_a_second: 50}

A finding that is meant to be is switched off where it is, with a reason beside it:

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
    yield "What goes wrong in public solutions of the kata, and who sees it here:"
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
    group = " Of the kata group." if rule.kata else ""
    yield f"Proves {PROVES[rule.tags[0]]}.{group} [Source]({rule.source_url})"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(rendered()) + "\n", encoding="utf-8")
