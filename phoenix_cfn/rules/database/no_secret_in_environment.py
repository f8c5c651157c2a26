from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import in_clear, is_no_secret_value, sounds_secret
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers, environment


class NoSecretInEnvironment(Rule):
    """No plain environment variable of a container, a build or a function holds a secret.

    Risk: Every principal that may describe the task definition, the project or the function can read it; it appears
    in logs and in the console.

    Fix: Use the container's Secrets, or a build variable of type SECRETS_MANAGER.
    """

    id = "E9216"
    shortdesc = "No secret is a plain environment variable"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        places = [pair for container in all_containers(stack) for pair in environment(container).items()]
        for project in stack.of("AWS::CodeBuild::Project"):
            for item in project.at("Environment", "EnvironmentVariables").items:
                if item["Type"].literal in (None, "PLAINTEXT") and item["Name"].literal:
                    places.append((item["Name"].literal or "", item["Value"]))
        for function in stack.of("AWS::Lambda::Function"):
            variables = function.at("Environment", "Variables")
            places += [(name, variables[name]) for name in variables.keys]
        for name, node in places:
            shown = in_clear(stack, node)
            spelled = node.literal if node.text is not None and not node.text.refs else None
            if shown is None and sounds_secret(name) and spelled and not is_no_secret_value(spelled):
                shown = "a secret that is written in the template"
            if shown is not None:
                yield finding(node, f"{name} shows {shown}")
