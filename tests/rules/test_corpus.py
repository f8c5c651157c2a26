"""Every fault of the corpus is found by its rules and no other, no near miss is a finding, each rule has its fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.corpus import CASES, FAMILIES, FAULTS, NEAR_MISSES
from tests.rules.house import ROOT, RULES, Case, broken, judged, repository, rules, written


def test_the_real_templates_have_no_finding(tmp_path: Path) -> None:
    assert judged(written(repository(), tmp_path)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    found = judged(written(broken(case), tmp_path))
    assert {rule for rule, _, _ in found} == case.rules, found


def test_every_rule_has_a_fault_and_a_near_miss_in_the_real_templates() -> None:
    assert set(rules()) - {rule for case in FAULTS for rule in case.rules} == set()
    assert set(rules()) - {rule for case in NEAR_MISSES for rule in case.near} == set()


def test_the_table_in_the_documentation_has_every_fault_with_its_rules() -> None:
    table = (ROOT / "docs" / "fault-corpus.md").read_text(encoding="utf-8")
    for case in FAULTS:
        ours = ", ".join(f"[{rule}](rules.md#{rule.lower()})" for rule in sorted(case.rules))
        assert f"| {case.title} | {ours} |" in table, "run: python benchmarks/faults.py"


def test_titles_are_unique() -> None:
    assert len({case.title for case in CASES}) == len(CASES)


def test_each_family_of_rules_has_its_own_cases() -> None:
    families = {file.stem: file.parent.name for file in RULES.glob("*/*.py")}
    assert set(FAMILIES) == set(families.values())
    for family, cases in FAMILIES.items():
        for case in cases:
            names = {type(rules()[rule]).__module__.rpartition(".")[2] for rule in case.rules | case.near}
            assert family in {families[name] for name in names}, case.title
