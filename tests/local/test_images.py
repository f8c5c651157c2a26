"""Real images where they can be pulled, stand-ins where not, and words where neither is possible."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from phoenix_cfn.local import images
from phoenix_cfn.local.errors import LocalError


class Images:
    """Of an engine that can pull the named images; None: whatever it is asked for."""

    def __init__(self, pullable: tuple[str, ...], error: APIError) -> None:
        self.pullable, self.error = pullable, error
        self.present: set[str] = set()

    def get(self, name: str) -> Any:
        if name not in self.present:
            raise ImageNotFound(name)
        return self

    def pull(self, name: str) -> None:
        if name not in self.pullable:
            raise self.error
        self.present.add(name)

    def tag(self, name: str) -> None:
        self.present.add(name)

    def remove(self, name: str, force: bool) -> None:
        self.present.discard(name)


class Engine:
    def __init__(self, *pullable: str, error: APIError | None = None) -> None:
        self.images = Images(pullable, error or APIError("no route to the registry"))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What would be built: the Dockerfile and the image."""
    found: list[tuple[str, str]] = []

    def build(client: Engine, context: Path, name: str, image: str) -> None:
        assert (images.HERE / f"{name}.Dockerfile").is_file()
        found.append((name, image))
        client.images.present.add(image)

    monkeypatch.setattr(images, "_build", build)
    monkeypatch.setattr(images, "_run", lambda command, cwd=None: "")
    monkeypatch.setattr(images, "_debian", lambda client, report: client.images.present.add(images.DEBIAN))
    monkeypatch.setattr(images, "_tried", lambda client, image: "")
    return found


def dockerfile(folder: Path, image: str) -> Path:
    path = folder / "Dockerfile"
    path.write_text(f"FROM {image}\n")
    return path


def test_what_is_there_is_not_pulled_again(tmp_path: Path, built: list[tuple[str, str]]) -> None:
    engine = Engine()
    engine.images.present |= {"node:24", images.DOCUMENTDB, images.CODEBUILD}
    said: list[str] = []
    images.ensure(engine, dockerfile(tmp_path, "node:24"), said.append)
    assert (built, said) == ([], [])


def test_the_database_is_mongodb_where_that_can_be_pulled(tmp_path: Path, built: list[tuple[str, str]]) -> None:
    engine = Engine("node:24", images._MONGODB)
    images.ensure(engine, dockerfile(tmp_path, "node:24"), lambda line: None)
    assert ("mongodb", f"{images.DOCUMENTDB}-trial") in built
    assert images.DOCUMENTDB in engine.images.present
    assert f"{images.DOCUMENTDB}-trial" not in engine.images.present


def test_what_the_built_ones_start_from_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Engine] = []
    built: list[tuple[str, str]] = []

    def debootstrap(client: Engine, report: images.Report) -> None:
        time.sleep(0.2)
        made.append(client)
        client.images.present.add(images.DEBIAN)

    monkeypatch.setattr(images, "_build", lambda client, context, name, image: built.append((name, image)))
    monkeypatch.setattr(images, "_run", lambda command, cwd=None: "archive.tgz")
    monkeypatch.setattr(images, "_make_debian", debootstrap)
    engine = Engine()
    images.ensure(engine, dockerfile(tmp_path, "python:3.12"), lambda line: None)
    assert made == [engine]
    assert sorted(name for name, _ in built) == ["codebuild", "documentdb", "python"]


@pytest.mark.parametrize("pullable", [(), (images._MONGODB,)])
def test_else_and_where_mongodb_does_not_start_it_is_the_stand_in(
    tmp_path: Path, built: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, pullable: tuple[str, ...]
) -> None:
    monkeypatch.setattr(images, "_tried", lambda client, image: "needs a CPU with AVX")
    said: list[str] = []
    images.ensure(Engine("debian", *pullable), dockerfile(tmp_path, "debian"), said.append)
    assert ("documentdb", images.DOCUMENTDB) in built
    assert any("AVX" in line for line in said) == bool(pullable)


@pytest.mark.parametrize(
    ("image", "stand_in"),
    [
        ("node:24-slim", "node"),
        ("public.ecr.aws/docker/library/node", "node"),
        ("localhost:5000/python:3.12", "python"),
    ],
)
def test_a_base_image_that_cannot_be_pulled_gets_a_stand_in(
    tmp_path: Path, built: list[tuple[str, str]], image: str, stand_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_build_node", lambda client, name, report: built.append(("node", name)))
    images.ensure_base(Engine(), dockerfile(tmp_path, image), lambda line: None)
    assert built == [(stand_in, image)]


def test_other_base_images_must_be_pulled(tmp_path: Path, built: list[tuple[str, str]]) -> None:
    with pytest.raises(LocalError, match=r"Dockerfile: found the base image golang:1\.23, which can neither"):
        images.ensure_base(Engine(), dockerfile(tmp_path, "golang:1.23"), lambda line: None)


def test_a_name_that_the_registry_does_not_have_is_no_reason_for_a_stand_in(tmp_path: Path) -> None:
    engine = Engine(error=NotFound("404", explanation="manifest unknown"))
    with pytest.raises(LocalError, match=r"node:99.*manifest unknown.*Correct its name"):
        images.ensure_base(engine, dockerfile(tmp_path, "node:99"), lambda line: None)


@pytest.mark.parametrize("script", sorted(images.HERE.glob("*.sh")), ids=lambda script: script.name)
def test_the_shell_reads_the_entry_points(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert f"COPY {script.name} " in script.with_suffix(".Dockerfile").read_text()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM node:24", ["node:24"]),
        ("ARG BASE=debian\nFROM ${BASE} AS base\nFROM base\nFROM --platform=linux/amd64 $BASE", ["debian"]),
        ("FROM scratch\nFROM a@sha256:00 as b\nFROM b", ["a@sha256:00"]),
    ],
)
def test_the_base_images_of_a_dockerfile(text: str, found: list[str]) -> None:
    assert images.base_images_of(text) == found
