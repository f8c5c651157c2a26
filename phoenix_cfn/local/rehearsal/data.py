"""What a rehearsal puts into the database before the release, and looks for after it."""

from __future__ import annotations

import time
from typing import Any

from pymongo.errors import PyMongoError

from phoenix_cfn.local.database import connection_string, database
from phoenix_cfn.local.stage import Stage

_COLLECTION = "rehearsal"


def put(stage: Stage) -> str | None:
    """A document's id; None where the stage has no database of its own."""
    if stage.settings.database.kind != "documentdb" or not stage.tasks():
        return None
    word = f"before-{time.time_ns()}"
    _collection(stage).insert_one({"_id": word})
    return word


def still_there(stage: Stage, word: str | None) -> bool | None:
    """Whether the database that the tasks use has the document; None where that cannot be known."""
    if word is None:
        return None
    if stage.settings.database.kind != "documentdb":
        return False
    if not stage.tasks():
        return None
    try:
        return _collection(stage).find_one({"_id": word}) is not None
    except PyMongoError:
        return None


def _collection(stage: Stage) -> Any:
    return database(stage, connection_string(stage)).get_default_database()[_COLLECTION]
