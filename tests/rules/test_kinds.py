"""Kinds of faults in other authors' templates: each is reported, and what only looks like it is not."""

from __future__ import annotations

from collections import Counter

import pytest

from phoenix_cfn.cloudformation.documents import parse
from tests.rules.house import findings, rules
from tests.rules.kinds import Kind, documents, variants

CASES = documents() + variants()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_kind(case: Kind) -> None:
    template = parse(case.text)
    assert isinstance(template, dict)
    found = list(findings(template))
    counted = Counter(rule for rule, _, _ in found)
    for rule in case.rules:
        expected = {"reports": counted[rule] > 0, "once": counted[rule] == 1, "silent": counted[rule] == 0}
        assert expected[case.verb], (rule, found)


def test_a_case_says_something_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    assert {rule for case in CASES for rule in case.rules} <= set(rules())


def test_every_kind_is_reported_somewhere_and_silent_somewhere() -> None:
    for verbs in (("reports", "once"), ("silent",)):
        assert {case.name for case in CASES if case.verb in verbs} >= {case.name for case in CASES} - _ONE_SIDED


# One finding for one fault is about how often.
_ONE_SIDED = {"one_finding"}
