from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import holds_secret
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SecretsNotEchoed(Rule):
    """A parameter that holds a secret has NoEcho.

    Risk: The console and the API show the value.

    Fix: Set NoEcho to true.
    """

    id = "E9220"
    shortdesc = "Parameters that hold a secret have NoEcho"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for name in stack.parameters:
            parameter = stack.parameter(name)
            if holds_secret(stack, name) and not parameter["NoEcho"].true:
                yield finding(parameter, f"The console and the API show the value of {name}")
