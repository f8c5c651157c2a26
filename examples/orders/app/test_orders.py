"""Run by `docker build --target test`."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import unittest
from typing import Any
from unittest.mock import patch

os.environ.update(
    CURRENCY="EUR",
    LOG_LEVEL="warning",
    PUBLIC_URL="https://dev.example.com",
    QUEUE_URL="https://sqs.example/orders",
    SIGNING_KEY="key",
)

import orders


def request(method: str, path: str, body: bytes = b"") -> tuple[str, Any]:
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    parts = orders.app(environ, lambda status, headers: statuses.append(status))
    return statuses[0], json.loads(b"".join(parts))


class Orders(unittest.TestCase):
    def test_it_answers_for_itself(self) -> None:
        assert request("GET", "/health") == ("200 OK", {"status": "ok"})
        assert request("GET", "/")[1]["currency"] == "EUR"
        assert request("GET", "/unknown")[0] == "404 Not Found"

    def test_an_order_is_sent_and_signed(self) -> None:
        with patch("orders.queue") as queue:
            queue().send_message.return_value = {"MessageId": "1"}
            status, answer = request("POST", "/orders", b'{"item": "tea", "price": 3}')
        text = queue().send_message.call_args.kwargs["MessageBody"]
        assert status == "202 Accepted"
        assert json.loads(text) == {"item": "tea", "price": 3.0, "currency": "EUR"}
        assert answer == {"id": "1", "receipt": hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()}

    def test_what_is_no_order_is_refused(self) -> None:
        for body in (b"", b"[]", b"{}", b'{"item": "tea"}', b'{"item": "tea", "price": "much"}', b"\xff"):
            assert request("POST", "/orders", body)[0] == "400 Bad Request", body
        assert request("POST", "/orders", b"x" * 10_001)[0] == "413 Content Too Large"


if __name__ == "__main__":
    unittest.main()
