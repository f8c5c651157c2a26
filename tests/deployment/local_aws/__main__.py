"""The gateway: serves the local AWS on loopback and on Docker's bridge, until its parent is gone or it is told to stop.

Beside AWS's APIs it answers /_local/webhooks/<name> (deliveries of GitHub), /_local/pipelines (what the pipelines did)
and /_local/faults (what a test wants to fail).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from .. import docker_engine, leftovers
from . import codepipeline, faults, ministack, stores
from .corrections import install_all
from .settings import PREFIX, settings


def gateway(scope_app: Any) -> Any:
    """MiniStack's ASGI application with these paths in front of it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/_local/"):
            await scope_app(_for_load_balancer(scope), receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        if path.startswith("/_local/webhooks/"):
            status, text = codepipeline.deliver(path.rsplit("/", 1)[1], headers, body)
        elif path == "/_local/faults":
            faults.add(json.loads(body))
            status, text = 200, "{}"
        else:
            status, text = 200, json.dumps(codepipeline.executions())
        answer = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": answer})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


def _for_load_balancer(scope: Any) -> Any:
    """MiniStack answers a few paths itself, whoever is asked; a load balancer's /health is its application's."""
    if scope["type"] != "http" or scope["path"] not in ministack.app._HEALTH_PATHS:
        return scope
    host = next((value.decode() for key, value in scope["headers"] if key == b"host"), "")
    with ministack.request_scope(ministack.account(), os.environ["MINISTACK_REGION"]):
        balancer = ministack.alb.find_lb_for_host(host)
    if balancer is None:
        return scope
    path = f"/_alb/{balancer['LoadBalancerName']}{scope['path']}"
    return {**scope, "path": path, "raw_path": path.encode()}


def _stop_with(parent: int) -> None:
    """Ends this process when its parent has gone: an interrupted test run leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(1)
    # By another process, since the threads of this one would go on and start containers meanwhile.
    cleaner = [sys.executable, "-m", "tests.deployment.leftovers", str(settings().port), str(settings().state)]
    subprocess.Popen(cleaner, start_new_session=True)
    os._exit(1)


def _clean() -> None:
    leftovers.remove(ministack.ecs._get_docker(), settings().port)


def main() -> int:
    """Serves until SIGTERM."""
    docker_engine.wait_everywhere()
    stores.install()
    faults.install()
    install_all()
    parent = int(os.environ.get(f"{PREFIX}PARENT", "0"))
    if parent:
        threading.Thread(target=_stop_with, args=(parent,), daemon=True, name="parent").start()
    config = Config()
    config.bind = [f"127.0.0.1:{settings().port}", f"{settings().bridge}:{settings().port}"]
    config.keep_alive_timeout = 75

    def stop(*_: object) -> None:
        # Whatever healing is under way must not start a container after the last one was removed: end first, then
        # clean.
        _clean()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    asyncio.run(serve(gateway(ministack.app.app), config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
