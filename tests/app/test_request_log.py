"""The request log in the database: what a document holds, how it gets there, and what is trusted on the way."""

from __future__ import annotations

import time
from pathlib import Path

import bson
import pytest

from tests.app.application import Application, eventually
from tests.app.database import PASSWORD, Database
from tests.app.wire import OP_MSG, OP_QUERY, WireTap


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_line_is_a_document(database: Database, trusting: dict[str, str], workers: str) -> None:
    """Over TLS with verification and SCRAM, with the connection string of the task definition."""
    environment = {**trusting, "DB_CONNECTION_STRING": database.connection_string(), "WEB_CONCURRENCY": workers}
    before = time.time() * 1000
    with Application(environment) as application:
        application.ask("/", headers={"User-Agent": "one"})
        application.ask("/nope")
        application.ask("/generatecert", "HEAD")
        eventually(lambda: len(database.logs()) >= 3)
        documents = database.logs()
        stdout = application.stdout
    assert sorted(document["request"] for document in documents) == sorted(stdout.splitlines())
    for document in documents:
        assert set(document) == {"_id", "time", "request"}
        assert isinstance(document["_id"], bson.ObjectId)
        assert isinstance(document["time"], (int, float))
        assert before <= document["time"] <= time.time() * 1000


def test_says_how_the_database_is(database: Database, trusting: dict[str, str]) -> None:
    with Application({**trusting, "DB_CONNECTION_STRING": database.connection_string()}) as application:
        eventually(lambda: application.health()["database"] == "reachable")
        database.kill()
        application.ask()
        eventually(lambda: application.health()["database"] == "unreachable")
        assert application.health()["log"] == {"buffered": 1, "dropped": 0}


def test_health_and_crash_are_not_logged(database: Database, trusting: dict[str, str]) -> None:
    environment = {**trusting, "DB_CONNECTION_STRING": database.connection_string(), "WEB_CONCURRENCY": "2"}
    with Application(environment) as application:
        application.health()
        application.crash()
        application.ask("/last")
        eventually(lambda: database.logs())
        stdout = application.stdout
    assert [line.split('"')[1] for line in database.lines()] == ["GET /last HTTP/1.1"]
    assert '"GET /health' not in stdout
    assert '"GET /crash' not in stdout


def test_speaks_op_msg(tmp_path: Path) -> None:
    """MongoDB dropped every other message in 5.1; what is left of OP_QUERY is the greeting."""
    with Database(tmp_path, None) as database, WireTap(database.port) as tap:
        url = f"mongodb://127.0.0.1:{tap.port}/phoenix?directConnection=true"
        with Application({"DB_CONNECTION_STRING": url}) as application:
            application.ask()
            eventually(lambda: database.logs())
            assert application.terminate() == 0
    assert (OP_MSG, "insert") in tap.messages
    assert {opcode for opcode, _ in tap.messages} <= {OP_MSG, OP_QUERY}
    greetings = {command.lower() for opcode, command in tap.messages if opcode == OP_QUERY}
    assert greetings <= {"ismaster", "hello"}


def test_verifies_the_certificate(database: Database) -> None:
    """Without the authority there is no connection, and the application serves all the same."""
    with Application({"DB_CONNECTION_STRING": database.connection_string()}) as application:
        assert application.ask().status == 200
        eventually(lambda: application.health()["database"] == "unreachable")
        stderr = application.stderr
    assert "certificate" in stderr
    assert database.logs() == []


def test_takes_the_authority_that_the_connection_string_names(database: Database, trusting: dict[str, str]) -> None:
    root = trusting["NODE_EXTRA_CA_CERTS"]
    url = f"{database.connection_string()}&tlsCAFile={root}"
    with Application({"DB_CONNECTION_STRING": url}) as application:
        application.ask()
        eventually(lambda: database.logs())


@pytest.mark.parametrize("password", ["wrong-secret-7c1f", PASSWORD], ids=["wrong", "right"])
def test_the_password_is_never_shown(database: Database, trusting: dict[str, str], password: str) -> None:
    """Not in a log, not on a page, with the most talkative settings; that it is wrong is said, once."""
    url = database.connection_string(password)
    with Application({**trusting, "DB_CONNECTION_STRING": url, "NODE_ENV": "development"}) as application:
        state = "reachable" if password == PASSWORD else "unreachable"
        eventually(lambda: application.health()["database"] == state)
        pages = [application.ask(path).body.decode() for path in ("/", "/nope", "/health")]
        time.sleep(4)  # two more attempts
        assert application.stderr.count("authentication failed") == (password != PASSWORD)
        application.crash()
        application.process.wait(60)
        for text in (*pages, application.stdout, application.stderr):
            assert password not in text
            assert url not in text
