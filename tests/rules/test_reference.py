"""Every rule says what cfn-lint and a reader need, and docs/rules.md is what the docstrings say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phoenix_cfn.rules.__main__ import FAMILIES, KATA, PROVES, rendered
from phoenix_cfn.rules.__main__ import rules as family_rules
from tests.rules.corpus import FAULTS
from tests.rules.house import ROOT, RULES, rules


def test_the_reference_is_what_the_docstrings_say() -> None:
    written = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == "\n".join(rendered()) + "\n", "run: python -m phoenix_cfn.rules docs/rules.md"


def test_each_file_is_one_rule() -> None:
    files = [path for path in RULES.rglob("*.py") if not path.name.startswith("_")]
    assert len(files) == len(rules()) == sum(len(family_rules(family)) for family in FAMILIES)
    assert {path.parent.name for path in files} == set(FAMILIES)
    for path in files:
        assert len(re.findall(r"^class ", path.read_text(encoding="utf-8"), re.MULTILINE)) == 1, path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_ids_of_its_own(family: str) -> None:
    digits = {rule.id[1:3] for rule in family_rules(family)}
    assert len(digits) == 1
    assert (ROOT / "phoenix_cfn/rules" / family / "__init__.py").read_text(encoding="utf-8").startswith('"""')


@pytest.mark.parametrize("rule_id", sorted(rules()))
def test_a_rule_is_documented(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert re.fullmatch(r"[EW]9[1-9]\d\d", rule.id)
    assert len(rule.shortdesc) < 90
    assert rule.description.endswith(".")
    assert rule.source_url.startswith("https://")
    assert rule.tags[0] in PROVES
    paragraphs = (type(rule).__doc__ or "").split("\n\n")
    assert [paragraph.split(":")[0].strip() for paragraph in paragraphs[1:]] == ["Risk", "Fix"]


def test_every_fault_of_public_solutions_is_in_the_corpus_under_its_rules() -> None:
    caught = {rule for case in FAULTS for rule in case.rules}
    for fault, ids in KATA:
        assert set(ids.split()) <= caught, fault


def test_importing_the_rules_does_not_import_the_generator() -> None:
    wanted = re.compile(r"^(?:from|import) (phoenix_cfn[\w.]*|troposphere[\w.]*|awacs[\w.]*)", re.MULTILINE)
    for path in Path(RULES).rglob("*.py"):
        for module in wanted.findall(path.read_text(encoding="utf-8")):
            assert module.startswith("phoenix_cfn.rules"), f"{path} imports {module}"
    # The facts that rules and generator share, of which rules/_facts.py takes its part.
    for path in (ROOT / "phoenix_cfn/facts").glob("*.py"):
        for module in wanted.findall(path.read_text(encoding="utf-8")):
            assert module.startswith("phoenix_cfn.facts"), f"{path} imports {module}"
