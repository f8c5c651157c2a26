"""The database of a stage, as its application reaches it."""

from __future__ import annotations

import re
from typing import Any

from pymongo import MongoClient

from phoenix_cfn.local.stage import Stage


def connection_string(stage: Stage) -> str:
    """The connection string as the task definition refers to it."""
    definition = stage.aws.client("ecs").describe_task_definition(taskDefinition=stage.tasks()[0]["taskDefinitionArn"])
    secrets = definition["taskDefinition"]["containerDefinitions"][0]["secrets"]
    [name] = [each["valueFrom"] for each in secrets if each["name"] == stage.settings.database.variable]
    return str(stage.aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def database(stage: Stage, uri: str) -> Any:
    """A client that finds the endpoint's name where the tasks find it: in the hosts file of one of them."""
    host = re.search(r"@([^:/]+):", uri)
    assert host
    # The clusters of other stages are in that file, too.
    entries = stage.container(stage.tasks()[0]).attrs["HostConfig"]["ExtraHosts"]
    address = dict(each.split(":", 1) for each in entries)[host[1]]
    # This machine does not know the name. The certificate is for it, so that it cannot be checked by the address.
    plain = uri.replace(host[1], address).replace("replicaSet=rs0", "directConnection=true")
    options: dict[str, Any] = {"serverSelectionTimeoutMS": 10_000}
    if "tls=true" in uri:
        options |= {"tlsCAFile": str(stage.aws.settings.state / "local-ca.pem"), "tlsAllowInvalidHostnames": True}
    return MongoClient(plain, **options)
