"""MiniStack's stores are read while other threads write to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.aws.test_corrections import SETTINGS


@pytest.fixture
def repeated() -> Callable[[Callable[[list[int]], int]], Callable[[list[int]], int]]:
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import stores

    return stores.repeated


class Deploys(str):
    """The name of a resource; while it is read, another thread deploys one more resource of the stack."""

    resources: dict[str, Any]

    def __str__(self) -> str:
        self.resources[f"Another{len(self.resources)}"] = {**self.resources["Queue"], "PhysicalResourceId": "another"}
        return str.__str__(self)


def test_the_stacks_are_read_while_others_are_deployed() -> None:
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import ministack, permissions

    name = Deploys("orders")
    queue = {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": name, "Properties": {"QueueName": "orders"}}
    name.resources = {"Queue": queue}
    with ministack.request_scope("000000000000", "eu-central-1"):
        ministack.cloudformation._stacks["other"] = {"StackName": "other", "_resources": name.resources}
        try:
            assert permissions.tags_of("arn:aws:sqs:eu-central-1:000000000000:unknown") == {}
        finally:
            del ministack.cloudformation._stacks["other"]
    assert len(name.resources) > 1


def disturbed(times: int) -> Callable[[list[int]], int]:
    """A read that another thread disturbs so many times; it counts its attempts in the store."""

    def read(store: list[int]) -> int:
        store.append(len(store))
        if len(store) <= times:
            raise RuntimeError("dictionary changed size during iteration")
        return len(store)

    return read


@pytest.mark.parametrize("times", [0, 1, 20])
def test_a_disturbed_read_is_repeated(
    times: int, repeated: Callable[[Callable[[list[int]], int]], Callable[[list[int]], int]]
) -> None:
    assert repeated(disturbed(times))([]) == times + 1


def test_a_read_that_never_succeeds_is_an_error(
    repeated: Callable[[Callable[[list[int]], int]], Callable[[list[int]], int]],
) -> None:
    with pytest.raises(RuntimeError, match="changed size"):
        repeated(disturbed(10_000))([])
