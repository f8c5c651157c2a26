"""The Dockerfile of the image that a pipeline builds, and the container that the deployed template runs from it."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.stack import Stack

from ._pipeline import actions, buildspec, project, releases
from ._repository import Buildspec, find

_BUILD = re.compile(r"\s*docker\s+(buildx\s+)?build\s")
# Longer commands are generated, and are not parsed.
_LONGEST = 10_000
# Images whose user is root, and whose command is an interpreter or a shell, which exits without a terminal.
_BASES = re.compile(r"(^|/)(alpine|amazonlinux|busybox|debian|node|python|ruby|scratch|ubuntu)([:@]|$)")


@dataclass(frozen=True)
class Stage:
    """A stage of a Dockerfile: its base image, and its instructions."""

    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Dockerfile:
    """`stages` in order; `path` in the repository."""

    path: str
    stages: list[Stage]

    def below(self, stage: Stage) -> Stage | None:
        """The earlier stage that is the base of this one; None if the base is an image."""
        earlier = takewhile(lambda each: each is not stage, self.stages)
        return next((each for each in earlier if each.name and each.name == stage.base.lower()), None)

    def values(self, stage: Stage, keyword: str) -> list[str]:
        """The arguments of an instruction, those of the base stages first."""
        below = self.below(stage)
        own = [arguments for word, arguments in stage.instructions if word == keyword]
        return [*(self.values(below, keyword) if below else []), *own]

    def origin(self, stage: Stage) -> str:
        """The base image of the first base stage."""
        below = self.below(stage)
        return self.origin(below) if below else stage.base

    def is_bare(self, stage: Stage) -> bool:
        """Whether the base image is known to have neither a user nor a suitable command."""
        return _BASES.search(self.origin(stage)) is not None


@dataclass(frozen=True)
class Image:
    """An image that a pipeline builds, and the container that runs it: the place where the pipeline names the
    buildspec, the stage of the Dockerfile, the stages that the buildspec builds, and the template with its only
    container.
    """

    node: Node
    dockerfile: Dockerfile
    stage: Stage
    targets: list[str]
    template: dict[str, Any]
    container: dict[str, Any]

    def literal(self, value: Any) -> str | None:
        """A value of the template: itself, or the default of the parameter that it refers to."""
        if isinstance(value, dict) and isinstance(value.get("Ref"), str):
            value = self.template.get("Parameters", {}).get(value["Ref"], {}).get("Default")
        return str(value) if isinstance(value, (str, int)) else None


def images(stack: Stack) -> list[Image]:
    """One for each build of a pipeline whose Dockerfile and container are known."""
    return stack.once("images", lambda: list(_images(stack)))


def _images(stack: Stack) -> Iterator[Image]:
    for action, template in releases(stack):
        container = _only_container(template.template)
        for build in actions(action.pipeline):
            owner = project(stack, build) if build.provider == "CodeBuild" else None
            spec = buildspec(stack, owner) if owner is not None else None
            if owner is None or spec is None or container is None:
                continue
            node = owner.at("Source", "BuildSpec")
            found = _built(stack, spec)
            if found is not None:
                yield Image(node if node.given else owner["Source"], *found, template.template, container)


def _only_container(template: dict[str, Any]) -> dict[str, Any] | None:
    found = [
        container
        for raw in template.get("Resources", {}).values()
        if isinstance(raw, dict) and raw.get("Type") == "AWS::ECS::TaskDefinition"
        for container in (raw.get("Properties") or {}).get("ContainerDefinitions") or [None]
    ]
    return found[0] if len(found) == 1 and isinstance(found[0], dict) else None


def _built(stack: Stack, spec: Buildspec) -> tuple[Dockerfile, Stage, list[str]] | None:
    """The Dockerfile, the stage of the image, and the other stages that are built without a condition."""
    builds = [each for command in spec.commands for each in _builds(command)]
    if not builds or len({file for file, _ in builds}) != 1:
        return None
    (path,) = {file for file, _ in builds}
    file = find(stack.filename, path) if path else None
    if file is None:
        return None
    try:
        dockerfile = Dockerfile(path, list(_stages(file.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError):
        return None
    if not dockerfile.stages:
        return None
    last = builds[-1][1]
    stage = next((each for each in dockerfile.stages if last and each.name == last.lower()), dockerfile.stages[-1])
    # A buildspec that reads the Dockerfile selects its stages.
    targets = [] if re.search(r"\bgrep\b", spec.text) else [target for _, target in builds if target]
    return dockerfile, stage, targets


def _builds(command: str) -> Iterator[tuple[str, str]]:
    """Of each `docker build` in a command: the Dockerfile, empty where that is not known, and the target."""
    for line in command.replace("\\\n", " ").splitlines():
        # The time of shlex grows with the square of a word's length.
        if len(line) > _LONGEST or not _BUILD.match(line):
            continue
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        target, file, context = "", "", words[-1]
        for option, value in pairwise(words):
            if option == "--target":
                target = value
            if option in ("-f", "--file"):
                file = value
        for word in words:
            target = word.partition("=")[2] if word.startswith("--target=") else target
            file = word.partition("=")[2] if word.startswith("--file=") else file
        known = not re.search(r"[$`]|^-", context) and "$" not in file
        yield (posixpath.normpath(file or posixpath.join(context, "Dockerfile")) if known else ""), target


def _stages(text: str) -> Iterator[Stage]:
    """Arguments before the first FROM are filled in where they have a default."""
    defaults: dict[str, str] = {}
    stage: Stage | None = None
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n?", "", text)).splitlines():
        word, _, arguments = line.strip().partition(" ")
        word, arguments = word.upper(), arguments.strip()
        if word == "FROM":
            match = re.match(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", arguments, re.I)
            if stage:
                yield stage
            base = re.sub(r"\$\{?(\w+)\}?", lambda name: defaults.get(name[1], ""), match[1] if match else "")
            stage = Stage(base, (match[2] or "").lower() if match else "")
        elif stage is None and word == "ARG":
            name, _, value = arguments.partition("=")
            defaults[name] = value.strip("\"'")
        elif stage is not None and word:
            stage.instructions.append((word, arguments))
    if stage:
        yield stage


def listed(arguments: str) -> list[str]:
    """The paths or ports of VOLUME and EXPOSE: a JSON list, or words."""
    if arguments.startswith("["):
        try:
            found = json.loads(arguments)
        except ValueError:
            return []
        return [str(each) for each in found] if isinstance(found, list) else []
    return arguments.split()
