"""What the application's tests share: its installed dependencies, and databases."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app import nodes
from tests.app.database import Authority, Database, storage_with_user
from tests.app.nodes import APP, ROOT
from tests.locks import one_at_a_time


@pytest.fixture(scope="session", autouse=True)
def node_modules() -> Path:
    """The application's dependencies as its lock file has them."""
    installed, wanted = APP / "node_modules/.package-lock.json", APP / "package-lock.json"
    with one_at_a_time(ROOT / ".cache/node_modules.lock"):
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=APP, check=True)
    return installed.parent


@pytest.fixture(scope="module", params=["image", "machine"])
def each_node(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs a test with the Node.js of the image, and with the machine's own, which package.json permits as well."""
    if request.param == "image":
        yield
        return
    machines = shutil.which("node")
    if machines is None or "PHOENIX_NODE" in os.environ:
        pytest.skip("no other Node.js is here" if machines is None else "PHOENIX_NODE names the only one")
    with pytest.MonkeyPatch.context() as patch:
        of_the_image = nodes.version()
        patch.setenv("PHOENIX_NODE", machines)
        if nodes.version() == of_the_image:
            pytest.skip("the machine's Node.js is the image's")
        yield


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return storage_with_user(tmp_path_factory.mktemp("database"))


@pytest.fixture
def database(tmp_path: Path, authority: Authority, storage: Path) -> Iterator[Database]:
    """Demands TLS and a password, as DocumentDB does."""
    with Database(tmp_path, authority, storage) as running:
        yield running


@pytest.fixture
def trusting(authority: Authority) -> dict[str, str]:
    """The environment of an application that trusts the test's authority."""
    return {"NODE_EXTRA_CA_CERTS": str(authority.root)}
