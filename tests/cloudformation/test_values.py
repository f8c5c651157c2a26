"""Texts with references: what is known of them, when two are the same, and JSON in them."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.values import Ref, Text, differ, marked, parse_json, same, text, unmarked

STAGE, REGION, VPC = Ref("Stage"), Ref("AWS::Region"), Ref("Vpc", "VpcId")
DEV = Ref("Stage", literal="dev")


@pytest.mark.parametrize(
    ("value", "literal", "plain", "shown"),
    [
        (text("a", "b"), "ab", "ab", "ab"),
        (text(), "", "", ""),
        (text(STAGE, "-logs"), None, "-logs", "${Stage}-logs"),
        (text(DEV, "-logs"), "dev-logs", "-logs", "${Stage}-logs"),
        (text(VPC), None, "", "${Vpc.VpcId}"),
        (text("{{resolve:ssm:/a}}"), None, "{{resolve:ssm:/a}}", "{{resolve:ssm:/a}}"),
    ],
    ids=str,
)
def test_what_is_known(value: Text, literal: str | None, plain: str, shown: str) -> None:
    assert (value.literal, value.plain, str(value)) == (literal, plain, shown)


def test_a_text_may_be_one_reference() -> None:
    assert text(STAGE).reference == STAGE
    assert text(STAGE, "-").reference is None
    assert text("a").reference is None


def test_texts_are_joined() -> None:
    assert text(text("a", STAGE), None, text("", "b"), "c").parts == ("a", STAGE, "bc")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (text("a"), text("a"), True),
        (text("a"), text("b"), False),
        (text(STAGE, "-a"), text(STAGE, "-a"), True),
        (text(STAGE, "-a"), text(STAGE, "-b"), False),
        (text("a-", STAGE), text("b-", STAGE), False),
        (text("a-", STAGE), text("a-", REGION), None),
        (text("x-", STAGE, "-a"), text("x-", REGION, "-b"), False),
        (text(DEV), text("dev"), True),
        (text(DEV), text("qa"), False),
        (text(STAGE), text("dev"), None),
        (text("{{resolve:ssm:/a}}"), text("b"), None),
        (None, text("a"), None),
        (text("a"), None, None),
    ],
    ids=str,
)
def test_whether_two_texts_are_the_same(left: Text | None, right: Text | None, expected: bool | None) -> None:
    assert same(left, right) is expected
    assert same(right, left) is expected
    assert differ(left, right) is (expected is False)


def test_a_piece_of_a_text_keeps_its_references() -> None:
    value = text("service/", Ref("Cluster"), "/", Ref("Service", "Name"))
    pieces = [unmarked(piece, value) for piece in marked(value).split("/")]
    assert pieces == [text("service"), text(Ref("Cluster")), text(Ref("Service", "Name"))]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (text('{"a": "', STAGE, '-x", "b": [1]}'), {"a": text(STAGE, "-x"), "b": [1]}),
        (text('{"port": ', STAGE, "}"), {"port": text(STAGE)}),
        (text('{"', STAGE, '": true}'), {"${Stage}": True}),
        (text("{"), None),
        (text("[" * 100_000, "]" * 100_000), None),
        (text(STAGE), None),
    ],
    ids=str,
)
def test_json_in_a_text(value: Text, expected: object) -> None:
    assert parse_json(value) == expected
