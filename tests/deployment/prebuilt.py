"""Versions that no pipeline builds: each is an image that differs from another in a few lines, pushed under the tag of
its commit before the host reports the push.

The buildspec finds such an image as it finds that of a commit whose run is repeated.
"""

from __future__ import annotations

import base64
import io

from phoenix_cfn.local.server import LocalAws


def image(aws: LocalAws, name: str, base: str, *lines: str) -> str:
    """Builds an image by lines of a Dockerfile on another. Its name in the engine, which goes with the local AWS."""
    tag = f"127.0.0.1:{aws.settings.port}/versions:{name}"
    dockerfile = "\n".join([f"FROM {base}", *lines, ""])
    aws.engine.client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True)
    return tag


def push(aws: LocalAws, image: str, repository: str, tag: str) -> None:
    """Pushes an image of the engine to a repository of the local ECR."""
    token = aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    docker, local = aws.engine.client, f"127.0.0.1:{aws.settings.port}/{repository}"
    docker.images.get(image).tag(local, tag=tag)
    answer = docker.images.push(local, tag=tag, auth_config={"username": user, "password": password})
    assert "error" not in answer, answer
