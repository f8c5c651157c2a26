"""An order service: it takes orders, signs a receipt, and keeps the orders in a queue of SQS."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import boto3

logging.basicConfig(level=os.environ["LOG_LEVEL"].upper(), format="%(levelname)s %(message)s")
# Bytes of an order, at most.
LIMIT = 10_000

Answer = tuple[str, dict[str, Any]]


@cache
def queue() -> Any:
    """The client, which finds region and credentials in the task."""
    return boto3.client("sqs")


def home(_: bytes) -> Answer:
    return "200 OK", {"service": "orders", "currency": os.environ["CURRENCY"], "url": os.environ["PUBLIC_URL"]}


def health(_: bytes) -> Answer:
    return "200 OK", {"status": "ok"}


def place(body: bytes) -> Answer:
    """Takes an order such as {"item": "tea", "price": 3}."""
    try:
        order = json.loads(body)
        item, price = str(order["item"]), float(order["price"])
    except (ValueError, KeyError, TypeError):
        return "400 Bad Request", {"error": 'expected {"item": <text>, "price": <number>}'}
    text = json.dumps({"item": item, "price": price, "currency": os.environ["CURRENCY"]}, sort_keys=True)
    sent = queue().send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=text)
    logging.info("order %s", sent["MessageId"])
    receipt = hmac.new(os.environ["SIGNING_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest()
    return "202 Accepted", {"id": sent["MessageId"], "receipt": receipt}


def following(_: bytes) -> Answer:
    """Takes the next order out of the queue."""
    found = queue().receive_message(QueueUrl=os.environ["QUEUE_URL"]).get("Messages", [])
    for message in found:
        queue().delete_message(QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
        return "200 OK", json.loads(message["Body"])
    return "404 Not Found", {"error": "no order waits"}


ROUTES: Mapping[tuple[str, str], Callable[[bytes], Answer]] = {
    ("GET", "/"): home,
    ("GET", "/health"): health,
    ("POST", "/orders"): place,
    ("POST", "/orders/next"): following,
}


def app(environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """The WSGI application, which gunicorn runs."""
    handler = ROUTES.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if handler is None:
        status, content = "404 Not Found", {"error": "not found"}
    elif length > LIMIT:
        status, content = "413 Content Too Large", {"error": f"at most {LIMIT} bytes"}
    else:
        status, content = handler(environ["wsgi.input"].read(length))
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
