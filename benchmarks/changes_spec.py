"""Compares what a property's change does, for every property of every type, with the AWS CDK's service specification.

Run it as `python benchmarks/changes_spec.py FOLDER [--list]`; FOLDER is where npm has installed the CDK's packages, see
cdk.py. It prints Markdown: the rate of agreement, and the disagreements by kind; --list adds each property. It exits
with 1 for a disagreement that is of no kind.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import cdk
from phoenix_cfn.changes.comparison import Difference
from phoenix_cfn.changes.outcomes import Outcome, Verdict
from phoenix_cfn.changes.updates.behavior import TABLES, effect
from phoenix_cfn.changes.updates.documented import DOCUMENTED
from phoenix_cfn.changes.updates.effects import Update
from phoenix_cfn.cloudformation.resource_types import ResourceType, resource_type
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import text

_MEANING = {
    Outcome.REPLACED: "yes",
    Outcome.MAY_BE_REPLACED: "maybe",
    Outcome.UPDATED: "no",
    Outcome.INTERRUPTED: "no",
    Outcome.REFUSED: "refused",
    Outcome.UNKNOWN: "unknown",
}

# The kinds of disagreements: who is right, with AWS's documentation as the arbiter.
KINDS = {
    "tags": "The service specification replaces a resource for its tags; the registry says `tagUpdatable: true`. "
    "The registry is right: tags are updated in place.",
    "tags fixed": "The registry says `tagUpdatable: false` and names no such property createOnly. A tag that cannot be "
    "updated may replace.",
    "interrupted": "The service specification says *maybe*, which is the documentation's *Some interruptions*: the "
    "resource stays.",
    "value decides": "A rule here reads the values, as the documentation does in words (the type's page): what the "
    "specification has one word for depends on them.",
    "refused": "The documentation says that the update fails, or is not supported.",
    "documentation of 2023": "The schema has dropped the property, the specification and the documentation of 2023 "
    "replace. The service may be able to change it by now: may be replaced.",
    "no update handler": "The type has no update handler, so that CloudFormation can only replace it (DescribeType, "
    "ProvisioningType IMMUTABLE).",
    "conditional": "The registry says conditionalCreateOnly, the specification yes or no. The registry is the younger "
    "one, and replaces in some cases.",
    "createOnly": "The registry says createOnly, the specification no. The registry describes the handler that runs.",
    "nested": "The registry has properties below this one as createOnly; the specification marks the whole. Here the "
    "path that differs decides.",
    "dropped": "The specification replaces; neither the schema nor the documentation of 2023 does.",
    "nested stack or custom resource": "What the update does is decided by a template or by a function; here it is "
    "unknown, or may replace.",
}


def ours(known: ResourceType, name: str) -> Outcome:
    """What a change of a property from one text to another does."""
    stacks = [Stack({"Resources": {"A": {"Type": known.name, "Properties": {name: each}}}}) for each in "ab"]
    before, after = (stack.resources["A"] for stack in stacks)
    difference = Difference((name,), text("a"), text("b"), Verdict.DIFFERENT)
    return effect(Update(before, after, difference), known).outcome


def kind(known: ResourceType, name: str, outcome: Outcome, theirs: str) -> str:
    """The kind of a disagreement; empty for none."""
    path = (name,)
    ruled = any(path in table.get(known.name, {}) for table in TABLES if table is not DOCUMENTED)
    below = [each for each in known.create_only | known.conditional_create_only if each[:1] == path and len(each) > 1]
    if known.tag_property == path:
        return "tags" if outcome is Outcome.UPDATED else "tags fixed"
    if outcome is Outcome.REFUSED:
        return "refused"
    if outcome is Outcome.INTERRUPTED:
        return "interrupted"
    if known.name.startswith("AWS::CloudFormation::"):
        return "nested stack or custom resource"
    if outcome is Outcome.UNKNOWN:
        return "value decides" if ruled else ""
    if path in DOCUMENTED.get(known.name, {}):
        return "documentation of 2023"
    if ruled or any(each[:1] == path for table in TABLES for each in table.get(known.name, {})):
        return "value decides"
    if known.permissions and "update" not in known.permissions:
        return "no update handler"
    if path in known.conditional_create_only:
        return "conditional"
    if path in known.create_only:
        return "createOnly"
    if below:
        return "nested"
    return "dropped" if outcome is Outcome.UPDATED and theirs != "no" else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="print each disagreement")
    options = parser.parse_args()
    table: Counter[tuple[str, str]] = Counter()
    found: dict[str, list[str]] = defaultdict(list)
    types = 0
    for resource, properties in sorted(cdk.service_spec(options.folder).items()):
        known = resource_type(resource)
        if known is None:
            continue
        types += 1
        for name, theirs in properties.items():
            if name not in known.schema["properties"] or (name,) in known.read_only:
                continue
            outcome = ours(known, name)
            table[_MEANING[outcome], theirs] += 1
            if _MEANING[outcome] != theirs:
                line = f"{resource} {name}: {outcome}, they say {theirs}"
                found[kind(known, name, outcome, theirs)].append(line)
    agreed, total = sum(count for (one, other), count in table.items() if one == other), sum(table.values())
    print(f"{cdk.versions(options.folder)}; {types:,} types, {total:,} properties.\n")
    print(f"**{agreed:,} agree: {agreed / total:.2%}.** {total - agreed} disagree.\n")
    print("| here \\ there | yes | maybe | no |\n|---|---|---|---|")
    for each in ("yes", "maybe", "no", "refused", "unknown"):
        print(f"| {each} | " + " | ".join(f"{table[each, other]:,}" for other in ("yes", "maybe", "no")) + " |")
    print("\n| n | kind | who is right |\n|---|---|---|")
    for name in KINDS:
        if found[name]:
            print(f"| {len(found[name])} | {name} | {KINDS[name]} |")
    for name, lines in found.items():
        if options.list or name not in KINDS:
            print(f"\n{name or 'of no kind'}:\n" + "\n".join(f"- {line}" for line in lines))
    return 1 if found[""] else 0


if __name__ == "__main__":
    sys.exit(main())
