"""Visitors: requests to a stage's application from outside, one by one or all the time, and what became of each."""

from __future__ import annotations

import http.client
import math
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

from phoenix_cfn.local.aws import certificates
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import Stage


@dataclass(frozen=True)
class Answer:
    """Of the application: status 0 means that there was none, and `error` says why."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    error: str = ""


def request(aws: LocalAws, url: str, path: str = "/", method: str = "GET", timeout: float = 30) -> Answer:
    """To a load balancer's URL: its name leads to the gateway here, so that the name travels in the Host header."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.settings.port, timeout=timeout)
    start = time.time()
    try:
        if url.startswith("https:"):
            connection.sock = connected(aws, urlsplit(url).hostname, trusting(aws), timeout)
        connection.request(method, path, headers={"Host": urlsplit(url).netloc})
        answer = connection.getresponse()
        body = answer.read()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body, time.time() - start)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, {}, b"", time.time() - start, repr(error))
    finally:
        connection.close()


def trusting(aws: LocalAws) -> ssl.SSLContext:
    """What a client needs that trusts the local authority."""
    return ssl.create_default_context(cafile=str(certificates.authority(aws.settings.state)))


def connected(aws: LocalAws, name: str | None, context: ssl.SSLContext, timeout: float = 30) -> ssl.SSLSocket:
    """A connection to port 443 of the load balancer that the name leads to. Raises ssl.SSLError, OSError."""
    plain = socket.create_connection(("127.0.0.1", aws.settings.secure_site), timeout=timeout)
    return context.wrap_socket(plain, server_hostname=name)


@dataclass(frozen=True)
class Visit:
    """One request: when it began, its status (0 is no answer), how long it took, the answer, and why there was none."""

    began: float
    status: int
    seconds: float
    body: bytes
    error: str


class Visitors:
    """Ask for a path `rate` times a second while the context lasts, whether earlier requests are answered or not.

    At most as many wait for an answer as come in two seconds: a machine that is too slow for the rate gets fewer
    requests. Otherwise ever more would wait, until all of them run out of time.
    """

    def __init__(self, stage: Stage, path: str = "/", rate: float = 10, timeout: float = 15) -> None:
        self.stage, self.url = stage, stage.address
        self.path, self.rate, self.timeout = path, rate, timeout
        self.visits: list[Visit] = []
        self._free = threading.Semaphore(math.ceil(2 * rate))
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []
        self._clock = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Visitors:
        self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._clock.join()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        due = time.time()
        while not self._end.is_set():
            self._free.acquire()
            thread = threading.Thread(target=self._visit, daemon=True)
            thread.start()
            self._threads.append(thread)
            # What is late by more than a second is left out: nobody comes in a crowd.
            due = max(due + 1 / self.rate, time.time() - 1)
            self._end.wait(max(0.0, due - time.time()))

    def _visit(self) -> None:
        began = time.time()
        answer = request(self.stage.aws, self.url, self.path, timeout=self.timeout)
        self.visits.append(Visit(began, answer.status, answer.seconds, answer.body, answer.error))
        self._free.release()

    @property
    def sent(self) -> int:
        """Requests so far."""
        return len(self.visits)

    @property
    def failed(self) -> list[Visit]:
        """Those that were not answered with 200, in the order in which they began."""
        return sorted((each for each in self.visits if each.status != 200), key=lambda each: each.began)

    def disturbed(self) -> float:
        """Seconds from the beginning of the first failed request to the end of the last one; 0 where none failed."""
        failed = self.failed
        return max(each.began + each.seconds for each in failed) - failed[0].began if failed else 0.0
