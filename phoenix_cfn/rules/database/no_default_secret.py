from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._database import holds_secret, is_hidden
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

# Words that stand for no value. No service accepts one of them as a secret.
_NO_VALUE = re.compile(
    r"[<\[]?(-+|none|null|nil|n/?a|tbd|unset|undefined|placeholder|replace[ _-]?me"
    r"|(not|to)[ _-]?(be[ _-]?)?(set|used|defined|determined|specified|provided|replaced))[>\]]?",
    re.IGNORECASE,
)


class NoDefaultSecret(Rule):
    """A parameter that holds a secret has no default, an empty one, or a word for no value such as NONE.

    Risk: The password is public with the template, and most stacks use it.

    Fix: Remove the default, or use an empty default and generate a secret for it.
    """

    id = "E9219"
    shortdesc = "No parameter has a secret as its default"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for name in stack.parameters:
            parameter = stack.parameter(name)
            default = parameter["Default"].literal
            if not default or _NO_VALUE.fullmatch(default):
                continue
            if is_hidden(stack, name) or holds_secret(stack, name):
                yield finding(parameter["Default"], f"The secret {name} has a default")
