"""Templates of other authors' styles: the good ones have no finding, broken ones the right ones, on the right lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.decode import decode

from tests.rules.house import ROOT, RULES, findings
from tests.rules.other_styles import FAULTS, GOOD

BAD = Path(__file__).parent / "bad" / "quickstart.yml"


def linted(*files: Path, options: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    """What cfn-lint itself says with the rules: id and line."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", "/dev/null", "--format", "json"]
    result = subprocess.run(
        [*command, "-t", *map(str, files), "-a", str(RULES), "-c", "kata", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert result.stderr == ""
    return [(one["Rule"]["Id"], one["Location"]["Start"]["LineNumber"]) for one in json.loads(result.stdout)]


def test_good_templates_have_no_finding_of_any_kind() -> None:
    templates = sorted(GOOD.iterdir())
    assert len(templates) == 4
    assert linted(*templates) == []


def test_the_bad_template_has_its_faults_on_their_lines_and_no_other() -> None:
    expected: list[tuple[str, int]] = []
    for number, line in enumerate(BAD.read_text().splitlines(), start=1):
        if re.fullmatch(r" *# ([EW]9\d{3} ?)+", line):
            expected += [(rule, number + 1) for rule in line.split()[1:]]
    found = [(rule, line) for rule, line in linted(BAD) if rule[1] == "9"]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    FAULTS,
    ids=[f"{rules or 'none'} {name} {number}" for number, (name, _, _, rules) in enumerate(FAULTS)],
)
def test_fault(name: str, old: str, new: str, rules: str, tmp_path: Path) -> None:
    content = (GOOD / name).read_text()
    assert content.count(old) == 1, "the replacement must change one place"
    target = tmp_path / name
    target.write_text(content.replace(old, new))
    template, problems = decode(str(target))
    assert not problems
    found = list(findings(template, str(target)))
    assert sorted({rule for rule, _, _ in found}) == sorted(rules.split()), found
