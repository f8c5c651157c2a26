"""examples/orders: a service of one's own in Python, with HTTPS, a secret, a queue, and no database."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.local import images
from phoenix_cfn.local.fork import Fork
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import Stage
from tests.deployment.stage import request
from tests.deployment.tls import https

DOMAIN = "shop.example.com"
KEY = "a-signing-key"


@pytest.fixture(scope="module")
def orders(aws: LocalAws, root: Path) -> Iterator[Stage]:
    """The deployed example, with a secret that its owner has made. At the end, nothing of it is left."""
    project = root / "examples/orders"
    images.ensure_base(aws.engine.client, project / "app/Dockerfile")
    fork = Fork(aws, "owner-of-orders", "orders")
    fork.fill(project)
    fork.push("The example as it is")
    stage = Stage(aws, fork, "shop")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SIGNING_KEY", KEY)
        stage.up()
    yield stage
    stage.down()
    assert [
        each for each in ("infrastructure", "pipeline", "surroundings") if stage.status(f"shop-orders-{each}")
    ] == []
    assert aws.client("sqs").list_queues(QueueNamePrefix="shop").get("QueueUrls", []) == []


def post(stage: Stage, path: str, order: dict[str, Any] | None = None) -> tuple[int, Any]:
    """An order, or the question for one: status and answer."""
    answer = https(stage.aws, DOMAIN, path, "POST", json.dumps(order).encode() if order else None)
    return answer.status, json.loads(answer.body)


def container(stage: Stage) -> Any:
    """The Docker container of a task."""
    [task, *_] = stage.tasks()
    return stage.aws.engine.client.containers.get(task["containers"][0]["runtimeId"])


def test_it_answers_over_https(orders: Stage) -> None:
    assert orders.url == f"https://{DOMAIN}"
    answer = https(orders.aws, DOMAIN)
    assert answer.status == 200
    found = json.loads(answer.body)
    assert (found["currency"], found["url"]) == ("EUR", "https://shop.example.com")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert request(orders.aws, orders.address).body == answer.body
    redirected = request(orders.aws, f"http://{DOMAIN}", "/orders?page=2")
    assert (redirected.status, redirected.headers["location"]) == (301, f"https://{DOMAIN}:443/orders?page=2")


def test_an_order_waits_in_the_queue_of_the_extension(orders: Stage) -> None:
    """The task's role lets it send, receive and delete; the receipt is signed with the key of the JSON secret."""
    status, answer = post(orders, "/orders", {"item": "tea", "price": 3})
    text = json.dumps({"currency": "EUR", "item": "tea", "price": 3.0}, sort_keys=True)
    assert (status, answer["receipt"]) == (202, hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest())
    assert post(orders, "/orders/next") == (200, {"currency": "EUR", "item": "tea", "price": 3.0})
    assert post(orders, "/orders/next")[0] == 404


def test_the_role_of_the_tasks_has_nothing_else(orders: Stage) -> None:
    program = (
        "import boto3, botocore.exceptions as e\n"
        "for service, call in (('sqs', 'list_queues'), ('secretsmanager', 'list_secrets'), ('s3', 'list_buckets')):\n"
        "    try: getattr(boto3.client(service), call)(); print(service, 'allowed')\n"
        "    except e.ClientError as error: print(service, error.response['Error']['Code'])\n"
    )
    code, output = container(orders).exec_run(["python", "-c", program])
    assert (code, re.findall(r"(\w+) (AccessDenied|allowed)", output.decode())) == (
        0,
        [("sqs", "AccessDenied"), ("secretsmanager", "AccessDenied"), ("s3", "AccessDenied")],
    )


def test_the_container_is_as_the_settings_say(orders: Stage) -> None:
    found = container(orders)
    assert found.attrs["Config"]["User"] == "10001:10001"
    assert found.attrs["HostConfig"]["ReadonlyRootfs"]
    writes = "touch /tmp/x && ! touch /app/x 2> /dev/null && id -u"
    assert found.exec_run(["sh", "-c", writes]).output.decode().strip() == "10001"
    variables = {each.partition("=")[0] for each in found.attrs["Config"]["Env"]}
    assert variables >= {"CURRENCY", "LOG_LEVEL", "PUBLIC_URL", "SIGNING_KEY", "QUEUE_URL", "PORT", "WEB_CONCURRENCY"}
    assert "DB_CONNECTION_STRING" not in variables
    assert [each.name for each in orders.aws.containers() if "docdb" in each.name and "orders" in each.name] == []


def test_a_push_releases_it_again(orders: Stage) -> None:
    runs = len(orders.executions())
    page = orders.fork.clone / "app/orders.py"
    page.write_text(page.read_text().replace('"service": "orders"', '"service": "orders, the second"'))
    orders.fork.push("Another name")
    orders.finished(runs + 1)
    assert json.loads(https(orders.aws, DOMAIN).body)["service"] == "orders, the second"
