from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import in_clear
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NoSecretInOutputs(Rule):
    """No output of the stack holds a secret.

    Risk: Every principal that may describe the stack can read its outputs in plain text.

    Fix: Output the secret's ARN, or nothing.
    """

    id = "E9217"
    shortdesc = "No output shows a secret"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        outputs = stack.section("Outputs")
        for name in outputs.keys:
            node = outputs.at(name, "Value")
            shown = in_clear(stack, node)
            if shown is not None:
                yield finding(node, f"The output {name} shows {shown}")
