from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import Text
from phoenix_cfn.rules._database import is_dynamic_secret, secret_parameters, sounds_secret
from phoenix_cfn.rules._pipeline import deployments, overrides
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NoSecretInOverrides(Rule):
    """The ParameterOverrides of a deploy action contain no secret, only a reference to one.

    Risk: The pipeline's definition contains its configuration in plain text, also values of NoEcho parameters; every
    principal that may read the pipeline can read the password.

    Fix: Keep the password in Secrets Manager and pass the secret's ARN.
    """

    id = "E9218"
    shortdesc = "ParameterOverrides contain no secret"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["security", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        hidden = secret_parameters(stack)
        for action in deployments(stack):
            node = action.configuration["ParameterOverrides"]
            if node.text is not None and is_dynamic_secret(node.text):
                yield finding(node, "ParameterOverrides show a secret that CloudFormation resolves into them")
            for name, value in (overrides(action) or {}).items():
                if not isinstance(value, Text):
                    continue
                named = next((ref.name for ref in value.refs if ref.name in hidden), None)
                if named is not None:
                    yield finding(node, f"{name} shows the parameter {named}")
                elif sounds_secret(name) and value.plain and not value.refs:
                    yield finding(node, f"{name} shows a secret that is written in the template")
