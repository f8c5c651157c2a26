from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import app_containers, applications, of_the_kata, told_of_database


class ConnectionStringVariable(Rule):
    """If the template has a database, a container of the tasks behind the load balancer has DB_CONNECTION_STRING, as a
    secret or a variable with exactly this name.

    Risk: The application starts without a database, or does not start at all.

    Fix: Add DB_CONNECTION_STRING to the container's Secrets.
    """

    id = "E9213"
    shortdesc = "DB_CONNECTION_STRING reaches the application"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
    tags = ["wiring", "database"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service, _, container in app_containers(stack):
            if told_of_database(container) or service not in applications(stack):
                continue
            if of_the_kata(stack, container):
                yield finding(container, f"Container {container['Name'].text} has no DB_CONNECTION_STRING")
