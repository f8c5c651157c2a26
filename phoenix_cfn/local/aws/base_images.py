"""The base images that this machine's engine has, in the local registry: a build may reach no other.

Their layers are uncompressed. A push mounts them from here: it neither compresses nor sends them.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from typing import Any, NamedTuple

from phoenix_cfn.local.aws import ministack

# A public repository, as those of public.ecr.aws, that no API of ECR lists.
REPOSITORY = "codebuild/base-images"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class _Image(NamedTuple):
    """`blobs`: the configuration and the layers, by their digests."""

    manifest: bytes
    blobs: dict[str, bytes]


_images: dict[str, _Image] = {}
_lock = threading.Lock()


def provide(docker: Any, image: str) -> str:
    """Copies an image of the engine to the registry, once; its tag there. Raises docker.errors.ImageNotFound."""
    tag = str(docker.images.get(image).id).removeprefix("sha256:")
    with _lock:
        if tag not in _images:
            # By this name: the image may have others.
            _images[tag] = _image(b"".join(docker.api.get_image(image)))
    # In the account and the region of the build, where a push looks for what to mount.
    ministack.ecr._layer_blobs.setdefault(REPOSITORY, {}).update(_images[tag].blobs)
    return tag


def _image(archive: bytes) -> _Image:
    """An image from what `docker save` wrote of it."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:

        def content(name: str) -> bytes:
            file = tar.extractfile(name)
            assert file is not None
            return file.read()

        described, *_ = json.loads(content("manifest.json"))
        config, *layers = [content(name) for name in (described["Config"], *described["Layers"])]
    # Each digest is computed once: a layer may have hundreds of megabytes.
    contents = [(_digest(blob), blob) for blob in (config, *layers)]
    described_config, *described_layers = [
        {"mediaType": kind, "size": len(blob), "digest": digest}
        for kind, (digest, blob) in zip([_CONFIG, *[_LAYER] * len(layers)], contents, strict=True)
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": described_config,
        "layers": described_layers,
    }
    return _Image(json.dumps(manifest).encode(), dict(contents))


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def answer(method: str, verb: str, reference: str) -> Any:
    """To a request of the registry's protocol about the repository. `reference`: a tag or a digest."""
    found, media_type = None, "application/octet-stream"
    if method in ("GET", "HEAD") and verb == "manifest":
        manifests = [image.manifest for tag, image in _images.items() if reference in (tag, _digest(image.manifest))]
        found, media_type = next(iter(manifests), None), _MANIFEST
    elif method in ("GET", "HEAD") and verb == "blob":
        found = next((image.blobs[reference] for image in _images.values() if reference in image.blobs), None)
    if found is None:
        return ministack.ecr._registry_error(404, "NAME_UNKNOWN", f"{REPOSITORY} does not have {reference}")
    headers = {
        "Content-Length": str(len(found)),
        "Content-Type": media_type,
        "Docker-Content-Digest": _digest(found) if verb == "manifest" else reference,
    }
    return ministack.ecr._registry_ok(200, headers, found if method == "GET" else b"")
