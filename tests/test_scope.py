"""The scope: what a part adds is recorded as written by it."""

from __future__ import annotations

from troposphere.sns import Topic

from phoenix_cfn import Settings, infrastructure
from phoenix_cfn.scope import Scope, part


@part
def orders(scope: Scope, name: str) -> Topic:
    """Adds a topic."""
    return scope.add(Topic(name))


def test_a_part_is_the_author_of_what_it_adds_and_of_nothing_after_it() -> None:
    scope = infrastructure.build(Settings()).scope
    assert orders(scope, "OrderTopic").title == "OrderTopic"
    scope.add(Topic("LaterTopic"))
    assert scope.template.authors["OrderTopic"] == f"{__name__}.orders"
    assert scope.template.authors["LaterTopic"] == "your own code"


def test_a_part_inside_another_gives_the_authorship_back() -> None:
    scope = infrastructure.build(Settings()).scope
    with scope.part("shop.outer"):
        orders(scope, "InnerTopic")
        scope.add(Topic("OuterTopic"))
    assert scope.template.authors["InnerTopic"] == f"{__name__}.orders"
    assert scope.template.authors["OuterTopic"] == "shop.outer"


def test_a_part_keeps_its_name_and_its_documentation() -> None:
    assert orders.__name__ == "orders"
    assert orders.__doc__ == "Adds a topic."
