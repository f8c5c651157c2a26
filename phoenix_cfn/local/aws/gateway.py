"""The gateway, `python -m phoenix_cfn.local.aws.gateway`: serves the local AWS until SIGTERM, or until its parent ends.

It listens on loopback and on Docker's bridge. Beside AWS's APIs it answers /_local/pushes/<kind>/<name> (pushes that
GitHub and CodeCommit report), /_local/pipelines (what the pipelines did) and /_local/faults (what a test makes fail).
On two ports of their own, without and with TLS, every request goes to the load balancer: those are the URLs for a
browser.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from hypercorn.asyncio import serve

from phoenix_cfn.local import docker_engine, leftovers
from phoenix_cfn.local.aws import codepipeline, elb, faults, git_hosts, ministack, pipeline_sources, stores, tls
from phoenix_cfn.local.aws.corrections import install_all
from phoenix_cfn.local.aws.settings import PREFIX, settings


def gateway(scope_app: Any) -> Any:
    """MiniStack's ASGI application with these paths in front of it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sites = (settings().site, settings().secure_site)
        elb.through_the_site.set(scope["type"] == "http" and scope["server"][1] in sites)
        tls.over_tls.set(scope.get("scheme") == "https")
        if not _is_own(scope):
            await scope_app(scope, receive, send)
            return
        path = scope["path"]
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        if path.startswith(git_hosts.PUSHES):
            kind, _, name = path.removeprefix(git_hosts.PUSHES).partition("/")
            status, text = pipeline_sources.deliver(kind, name, headers, body)
        elif path == "/_local/faults":
            faults.add(json.loads(body))
            status, text = 200, "{}"
        else:
            status, text = 200, json.dumps(codepipeline.executions())
        answer = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": answer})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


def _is_own(scope: Any) -> bool:
    """Whether a request is for the paths that the gateway adds, and not for a load balancer's."""
    if scope["type"] != "http" or not scope["path"].startswith("/_local/"):
        return False
    host = next((value.decode() for name, value in scope["headers"] if name == b"host"), "")
    return host == settings().endpoint.removeprefix("http://")


def _stop_with(parent: int) -> None:
    """Ends this process when its parent has gone: an interrupted test run leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(1)
    # By another process, since the threads of this one would go on and start containers meanwhile.
    cleaner = [sys.executable, "-m", "phoenix_cfn.local.leftovers", str(settings().port), str(settings().state)]
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
    config = tls.TlsConfig()
    config.bind = [f"127.0.0.1:{settings().secure_site}"]
    config.insecure_bind = [
        f"127.0.0.1:{settings().port}",
        f"{settings().bridge}:{settings().port}",
        f"127.0.0.1:{settings().site}",
    ]
    config.keep_alive_timeout = 75
    # Connections that wait while this process has no time, as on a busy machine; the system drops what is beyond.
    config.backlog = 4096

    def stop(*_: object) -> None:
        # Whatever healing is under way must not start a container after the last one was removed: end first, then
        # clean.
        _clean()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    # All of MiniStack stays: no garbage collection has to go through it.
    gc.freeze()
    asyncio.run(serve(gateway(ministack.app.app), config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
