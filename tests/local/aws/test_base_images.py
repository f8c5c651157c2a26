"""The registry has the base images of this machine's engine, for builds and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from unittest.mock import MagicMock

import pytest

from phoenix_cfn.local.aws import base_images, ministack

LAYERS = [b"the first layer", b"the second layer"]
CONFIG = b'{"os": "linux"}'


def saved() -> bytes:
    """What `docker save` writes."""
    described = [{"Config": "config.json", "RepoTags": ["node:24"], "Layers": ["0/layer.tar", "1/layer.tar"]}]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in (
            ("manifest.json", json.dumps(described).encode()),
            ("config.json", CONFIG),
            *((f"{number}/layer.tar", layer) for number, layer in enumerate(LAYERS)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    monkeypatch.setattr(base_images, "_images", {})
    docker = MagicMock()
    docker.images.get.return_value.id = "sha256:1"
    docker.api.get_image.side_effect = lambda name: iter([saved()])
    with ministack.request_scope("000000000000", "eu-central-1"):
        yield docker
        ministack.ecr._layer_blobs.pop(base_images.REPOSITORY)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_an_image_can_be_pulled_by_its_tag_or_its_digest(engine: MagicMock) -> None:
    tag = base_images.provide(engine, "node:24")
    status, headers, manifest = base_images.answer("GET", "manifest", tag)
    assert (status, headers["Docker-Content-Digest"]) == (200, digest(manifest))
    assert base_images.answer("GET", "manifest", digest(manifest))[2] == manifest
    described = json.loads(manifest)
    assert [described["config"]["digest"], *(each["digest"] for each in described["layers"])] == [
        digest(each) for each in (CONFIG, *LAYERS)
    ]
    for each, content in zip([described["config"], *described["layers"]], (CONFIG, *LAYERS), strict=True):
        assert each["size"] == len(content)
        assert base_images.answer("GET", "blob", each["digest"])[2] == content
        status, headers, body = base_images.answer("HEAD", "blob", each["digest"])
        assert (status, headers["Content-Length"], body) == (200, str(len(content)), b"")


def test_a_push_takes_the_layers_over_without_sending_them(engine: MagicMock) -> None:
    base_images.provide(engine, "node:24")
    ministack.ecr._repositories["dev"] = {}
    try:
        query = {"mount": [digest(LAYERS[0])], "from": [base_images.REPOSITORY]}
        status, headers, _ = ministack.ecr._v2_start_blob_upload("dev", query, b"")
        assert (status, headers["Docker-Content-Digest"]) == (201, digest(LAYERS[0]))
    finally:
        del ministack.ecr._repositories["dev"]


def test_the_engine_gives_an_image_once_unless_its_tag_moves(engine: MagicMock) -> None:
    for moved in ("sha256:1", "sha256:1", "sha256:2"):
        engine.images.get.return_value.id = moved
        assert base_images.provide(engine, "node:24") == moved[-1]
    assert engine.api.get_image.call_count == 2


@pytest.mark.parametrize(
    ("method", "verb", "reference"),
    [("GET", "manifest", "2"), ("GET", "blob", "sha256:0"), ("PUT", "manifest", "1"), ("POST", "blob_uploads", "")],
)
def test_what_is_not_there_is_refused_and_so_is_a_push(
    engine: MagicMock, method: str, verb: str, reference: str
) -> None:
    base_images.provide(engine, "node:24")
    assert base_images.answer(method, verb, reference)[0] == 404
