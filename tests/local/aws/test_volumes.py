"""The corrections of volumes."""

from __future__ import annotations

import io
from typing import Any

import pytest

from phoenix_cfn.local.images import DEBIAN
from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import request
from tests.local.aws.lab import Lab, Resources
from tests.local.aws.service import OUTPUTS, SERVER, container, push_image, service

DOCKERFILE = f"""\
FROM {DEBIAN}
RUN mkdir -p /data /plain && touch /data/seed /plain/seed && chown -R 10001:10001 /data /plain
VOLUME /data
"""
# Answers with what it may write, and what it finds there.
LOOK = (
    "for my $d (qw(/data /plain /etc)) { my $n = -e qq($d/seed) ? 1 : 0;"
    "$ENV{GREETING} .= qq($d ) . (open(my $f, '>', qq($d/x)) ? 'writes ' : 'refuses ') . qq($n;) }"
)


@pytest.fixture(scope="module")
def volume_image(aws: LocalAws) -> str:
    """An image with a VOLUME and a directory that is none, both with a file, of user 10001."""
    built, _ = aws.engine.client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), rm=True)
    built.tag("lab-volumes", "1")
    return push_image(aws, "lab-volumes", "lab-volumes:1")


def mounted(image: str, *volumes: str) -> Resources:
    """A service that writes where its volumes are mounted."""
    points = [{"SourceVolume": name, "ContainerPath": f"/{name}"} for name in ("data", "plain")]
    definition = container(
        image,
        Command=["perl", "-e", LOOK + SERVER],
        User="10001:10001",
        ReadonlyRootFilesystem=True,
        MountPoints=points,
    )
    parts: dict[str, Any] = service(definition)
    parts["Definition"]["Properties"]["Volumes"] = [{"Name": name} for name in volumes]
    return parts


def test_volumes_are_mounted(lab: Lab, aws: LocalAws, volume_image: str) -> None:
    """With the image's VOLUME, the user may write, and the content is there; without, the directory is root's."""
    outputs = lab.deploy(mounted(volume_image, "data", "plain"), OUTPUTS)
    assert request(aws, outputs["Url"]).body.decode().strip() == "/data writes 1;/plain refuses 0;/etc refuses 0;"


def test_volumes_exist(lab: Lab) -> None:
    assert "Unknown volume 'plain'" in lab.failure(mounted("none", "data"))
