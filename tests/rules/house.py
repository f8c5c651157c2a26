"""A repository to break: both templates of the default settings, buildspec and Dockerfile, and what rules say of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.rules import Rules

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.cloudformation.documents import parse
from phoenix_cfn.render import render

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "phoenix_cfn" / "rules"
INFRASTRUCTURE = "templates/Infrastructure.yml"
PIPELINE = "templates/Pipeline.yml"
BUILDSPEC = "app/buildspec.yml"
DOCKERFILE = "app/Dockerfile"

Template = dict[str, Any]
Repository = dict[str, Any]
Change = Callable[[Repository], None]


@dataclass(frozen=True)
class Case:
    """Changes to the real templates, and the rules that must see them: no more and no fewer.

    A near miss has no such rules, only those that it is near to.
    """

    title: str
    changes: tuple[Change, ...]
    rules: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return " ".join([*(f"not {rule}:" for rule in sorted(self.near)), *sorted(self.rules), self.title])


def fault(rules: str, title: str, *changes: Change) -> Case:
    return Case(title, changes, frozenset(rules.split()))


def near_miss(rules: str, title: str, *changes: Change) -> Case:
    return Case(title, changes, near=frozenset(rules.split()))


@cache
def _original() -> str:
    templates = {INFRASTRUCTURE: infrastructure.template(Settings()), PIPELINE: pipeline.template(Settings())}
    files: Repository = {path: parse(render(template)) for path, template in templates.items()}
    files[BUILDSPEC] = (ROOT / BUILDSPEC).read_text()
    files[DOCKERFILE] = (ROOT / DOCKERFILE).read_text()
    return json.dumps(files)


def repository() -> Repository:
    """Both templates of the default settings as data in long form, buildspec and Dockerfile as text."""
    files: Repository = json.loads(_original())
    return files


def broken(case: Case) -> Repository:
    """The repository with a case's changes; a change that changes nothing is an error of the case."""
    files = repository()
    for number, change in enumerate(case.changes):
        before = json.dumps(files)
        change(files)
        assert json.dumps(files) != before, f"change {number + 1} of {case.title!r} changes nothing"
    return files


def written(files: Repository, folder: Path) -> Path:
    """The repository on disk, templates as JSON (which is YAML, too)."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


# Changes. A place is a path below a logical id's properties, such as "Service/LoadBalancers/0"; "Service:"
# begins at the resource itself, "/Parameters/Port" at Infrastructure.yml, "P/Parameters/Port" at Pipeline.yml.


def _template(files: Repository, place: str) -> tuple[Template, list[str | int]]:
    steps: list[str | int] = [int(step) if step.lstrip("-").isdigit() else step for step in place.split("/")]
    if place.startswith("/"):
        return files[INFRASTRUCTURE], steps[1:]
    if place.startswith("P/"):
        return files[PIPELINE], steps[1:]
    name, colon, _ = str(steps[0]).partition(":")
    for path in (INFRASTRUCTURE, PIPELINE):
        if name in files[path]["Resources"]:
            return files[path], ["Resources", name, *([] if colon else ["Properties"]), *steps[1:]]
    raise AssertionError(f"no template has {name}")


def _parent(files: Repository, place: str) -> tuple[Any, str | int]:
    node, steps = _template(files, place)
    found: Any = node
    for step in steps[:-1]:
        found = found[step] if isinstance(step, int) else found.setdefault(step, {})
    return found, steps[-1]


def put(place: str, value: Any) -> Change:
    """Sets what stands at a place; a list is appended to by the index of its end."""

    def change(files: Repository) -> None:
        parent, key = _parent(files, place)
        if isinstance(parent, list) and key == len(parent):
            parent.append(copy.deepcopy(value))
        else:
            parent[key] = copy.deepcopy(value)

    return change


def deploying(strategy: str, smoke_test_path: str = "") -> Change:
    """Both templates by another strategy of deployment."""

    def change(files: Repository) -> None:
        files.update(json.loads(_deploying(strategy, smoke_test_path)))

    return change


@cache
def _deploying(strategy: str, smoke_test_path: str) -> str:
    settings = Settings.of({"deployment": {"strategy": strategy, "smoke_test_path": smoke_test_path}})
    templates = {INFRASTRUCTURE: infrastructure.template(settings), PIPELINE: pipeline.template(settings)}
    return json.dumps({path: parse(render(template)) for path, template in templates.items()})


def drop(place: str) -> Change:
    def change(files: Repository) -> None:
        parent, key = _parent(files, place)
        del parent[key]

    return change


def swap(place: str, old: str, new: str) -> Change:
    """Replaces a piece of text wherever it stands below a place (or in the buildspec, or the Dockerfile)."""

    def change(files: Repository) -> None:
        if place in (BUILDSPEC, DOCKERFILE):
            files[place] = files[place].replace(old, new)
            return
        parent, key = _parent(files, place)
        parent[key] = _swapped(parent[key], old, new)

    return change


def _swapped(node: Any, old: str, new: str) -> Any:
    if isinstance(node, dict):
        return {key: _swapped(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_swapped(value, old, new) for value in node]
    return node.replace(old, new) if isinstance(node, str) else node


def add(
    name: str, kind: str, template: str = INFRASTRUCTURE, /, *, whole: Template | None = None, **properties: Any
) -> Change:
    """Adds a resource."""

    def change(files: Repository) -> None:
        files[template]["Resources"][name] = {"Type": kind, **(whole or {}), "Properties": copy.deepcopy(properties)}

    return change


def remove(*names: str) -> Change:
    """Takes resources out, and out of every DependsOn."""

    def change(files: Repository) -> None:
        for path in (INFRASTRUCTURE, PIPELINE):
            resources = files[path]["Resources"]
            for name in names:
                resources.pop(name, None)
            for raw in resources.values():
                if "DependsOn" in raw:
                    needed = raw["DependsOn"] if isinstance(raw["DependsOn"], list) else [raw["DependsOn"]]
                    raw["DependsOn"] = [one for one in needed if one not in names]

    return change


def file(path: str, content: Any) -> Change:
    """Adds a file to the repository."""

    def change(files: Repository) -> None:
        files[path] = content

    return change


def _statements(files: Repository, role: str) -> list[Template]:
    """The statements of a role's first inline policy."""
    resources = next(
        files[path]["Resources"] for path in (INFRASTRUCTURE, PIPELINE) if role in files[path]["Resources"]
    )
    found: list[Template] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def forbid(role: str, *actions: str) -> Change:
    """Takes actions out of a role's statements."""

    def change(files: Repository) -> None:
        for statement in _statements(files, role):
            statement["Action"] = [one for one in statement["Action"] if one not in actions]

    return change


def permit(role: str, *actions: str, effect: str = "Allow", resource: Any = "*") -> Change:
    """Adds a statement to a role."""

    def change(files: Repository) -> None:
        _statements(files, role).append({"Effect": effect, "Action": list(actions), "Resource": resource})

    return change


def limit(role: str, action: str, *resources: Any, **others: Any) -> Change:
    """Sets the resources (and what else is given) of the statement that allows an action."""

    def change(files: Repository) -> None:
        for statement in _statements(files, role):
            if action in statement["Action"]:
                statement.update(Resource=list(resources), **others)

    return change


def ref(name: str) -> Template:
    return {"Ref": name}


def att(name: str, attribute: str) -> Template:
    return {"Fn::GetAtt": [name, attribute]}


def sub(pattern: str) -> Template:
    return {"Fn::Sub": pattern}


# What rules say


@cache
def rules() -> Rules:
    """The rules, loaded as cfn-lint loads them."""
    return Rules.create_from_directory(str(RULES))


class Loaded:
    """What a rule needs of cfn-lint's own template class: the data and the file's name."""

    def __init__(self, template: Any, filename: str | None) -> None:
        self.template = template
        self.filename = filename


def findings(template: Any, filename: str | None = None) -> Iterator[tuple[str, list[str | int], str]]:
    """Rule id, path and message of each finding in one template."""
    loaded = Loaded(template, filename)
    for rule_id, rule in rules().items():
        for match in rule.match(loaded):
            yield rule_id, list(match.path), match.message


def judged(folder: Path) -> list[tuple[str, list[str | int], str]]:
    """The findings in both templates of a repository on disk."""
    return [
        one
        for path in (INFRASTRUCTURE, PIPELINE)
        for one in findings(parse((folder / path).read_text()), str(folder / path))
    ]
