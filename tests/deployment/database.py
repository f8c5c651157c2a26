"""The database of a stage: what the application has written."""

from __future__ import annotations

import time
from typing import Any

from phoenix_cfn.local.database import connection_string, database
from tests.deployment.stage import Stage, eventually

__all__ = ["connection_string", "database", "find_request_in_the_database", "logged"]


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
