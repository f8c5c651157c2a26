"""The database of a stage, as its application reaches it."""

from __future__ import annotations

import re
import time
from typing import Any

from pymongo import MongoClient

from tests.deployment.stage import Stage, eventually


def connection_string(stage: Stage) -> str:
    """DB_CONNECTION_STRING as the task definition refers to it."""
    definition = stage.aws.client("ecs").describe_task_definition(taskDefinition=stage.tasks()[0]["taskDefinitionArn"])
    secret = definition["taskDefinition"]["containerDefinitions"][0]["secrets"][0]
    assert secret["name"] == "DB_CONNECTION_STRING"
    return str(stage.aws.client("secretsmanager").get_secret_value(SecretId=secret["valueFrom"])["SecretString"])


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


def logged(client: Any, word: str) -> Any:
    """The line of the collection `logs` with this word in its request; None where there is none."""
    return client.get_default_database()["logs"].find_one({"request": {"$regex": word}})


def find_request_in_the_database(stage: Stage, client: Any, seconds: float = 60) -> str:
    """Makes a request and waits for its line in the collection `logs`; the word that it is found by."""
    word = f"written-at-{time.time_ns()}"
    assert logged(client, word) is None
    stage.get(f"/?{word}")
    line = eventually(lambda: logged(client, word), seconds, "the request in the collection `logs`")
    assert isinstance(line["time"], (int, float))
    assert f'"GET /?{word} HTTP/1.1" 200' in line["request"]
    return word
