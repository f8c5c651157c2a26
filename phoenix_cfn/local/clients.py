"""boto3 clients of the local AWS. To make one takes as long as several requests, so that each is made once."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# No two threads may make a client at a time.
_lock = threading.Lock()


def client(service: str, **options: str) -> Any:
    """A client with these options of boto3.client: the same one for the same arguments."""
    with _lock:
        return _client(service, tuple(sorted(options.items())))


@cache
def _client(service: str, options: tuple[tuple[str, str], ...]) -> Any:
    config = Config(retries={"total_max_attempts": 2}, read_timeout=300, s3={"addressing_style": "path"})
    return boto3.client(service, config=config, **dict(options))
