"""The contract with MiniStack: the private names that the corrections use look as they did when they were written.

After an update of MiniStack, read what has changed, mend the corrections, and record it anew:
`python -m tests.local.aws.contract`.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.local import aws
from tests.local.aws.contract import RECORD, changes, used


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return dict(json.loads(RECORD.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def present(root: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.local.aws.contract", "--print"]
    return dict(json.loads(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout))


def test_the_installed_release_is_the_recorded_one(recorded: dict[str, Any], present: dict[str, Any]) -> None:
    pinned = [each for each in requires("phoenix_cfn") or [] if re.match(r"ministack\s*==", each)]
    assert len(pinned) == 1
    assert re.sub(r".*==\s*([\d.]+).*", r"\1", pinned[0]) == recorded["ministack"] == present["ministack"]


def test_every_used_name_is_as_recorded(recorded: dict[str, Any], present: dict[str, Any]) -> None:
    assert "\n".join(changes(recorded["names"], present["names"])) == ""


def test_every_used_name_exists(present: dict[str, Any]) -> None:
    assert [name for name, look in present["names"].items() if not look] == []


def test_the_uses_are_found() -> None:
    """One of each kind: a function that is called, one that is replaced, data, a handler, a name behind an alias."""
    found = used()
    assert found["alb._proxy_http_target"] == {"elb.py"}
    assert found["alb._forward_to_tg"] == {"elb.py"}
    assert "elb.py" in found["alb._lbs"]
    assert "roles.py" in found["AWS::IAM::Role"]
    assert found["responses.request_scope"] == {"ministack.py"}
    assert "cloudformation.py" in found["cfn_engine._extract_deps"]
    assert len(found) > 120


def test_only_one_module_imports_ministack() -> None:
    """Nothing of MiniStack is used that the contract does not see."""
    for path in sorted(Path(aws.__file__).parents[2].rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        imported = {
            *(alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names),
            *(node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)),
        }
        assert not {name for name in imported if name.split(".")[0] == "ministack"}, path
        if path != Path(aws.__file__).with_name("ministack.py"):
            assert not re.search(r"import_module\([^)]*[\"']ministack|[gs]etattr\(ministack", text), path


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (["(lb, method) 01234567"], ["(lb, method, path) 89abcdef"], "recorded (lb, method) 01234567; found (lb, meth"),
        (["dict"], [], "recorded dict; found nothing"),
        (["dict"], ["AccountScopedDict"], "recorded dict; found AccountScopedDict"),
    ],
)
def test_a_change_names_the_name_the_files_and_what_changed(before: list[str], now: list[str], said: str) -> None:
    same = {"alb._tgs": ["dict"]}
    (line,) = changes({"alb._tg_attrs": before, **same}, {"alb._tg_attrs": now, **same})
    assert line.startswith("alb._tg_attrs (elb.py): ")
    assert said in line


def test_nothing_has_changed_where_all_looks_the_same() -> None:
    assert changes({"alb._lbs": ["dict"]}, {"alb._lbs": ["dict"]}) == []
