"""What a local AWS has in the Docker engine, known by its port: containers, volumes, images pulled from itself.

As a program (`python -m phoenix_cfn.local.leftovers PORT FOLDER`) it cleans up after a gateway that has just ended.
"""

from __future__ import annotations

import shutil
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.errors import APIError

from phoenix_cfn.local.docker_engine import connect


def containers(client: Any, port: int) -> list[Any]:
    """Running or not. One that is removed while the client inspects the others is left out."""
    return list(client.containers.list(all=True, filters={"label": _label(port)}, ignore_removed=True))


def remove(client: Any, port: int) -> None:
    """All of it. Something may go by itself meanwhile."""
    for container in containers(client, port):
        with suppress(APIError):
            container.remove(force=True, v=True)
    for volume in client.volumes.list(filters={"label": _label(port)}):
        with suppress(APIError):
            volume.remove(force=True)
    # The engine's own list: the client's inspects each image, and fails when another program removes one meanwhile.
    for image in client.api.images():
        for name in [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])]:
            if name.startswith(f"127.0.0.1:{port}/"):
                with suppress(APIError):
                    client.images.remove(name, force=True)


def _label(port: int) -> str:
    """MiniStack's own, which the corrections use, too."""
    return f"ministack.instance={socket.gethostname()}:{port}"


def main(port: int, folder: Path) -> None:
    """Twice, since the engine may be about to start what the gateway asked for last."""
    for _ in range(2):
        time.sleep(1)
        remove(connect(), port)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
