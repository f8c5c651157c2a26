"""What is noted of a stack while a release goes on."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.rehearsal.release import _Watched

TEMPLATE = "Parameters: {User: {Type: String}}\nResources: {Topic: {Type: AWS::SNS::Topic}}\n"


class Refused:
    """A stage, and its CloudFormation. An update is under way only the first time that one looks at it; afterwards it
    has been refused, and the stack has its earlier parameters.
    """

    pipeline_stack, infrastructure_stack = "pipeline", "infrastructure"

    def __init__(self) -> None:
        self.cloudformation = self
        self._states = iter([("CREATE_COMPLETE", "earlier"), ("UPDATE_IN_PROGRESS", "other")])

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        status, user = next(self._states, ("UPDATE_ROLLBACK_COMPLETE", "earlier"))
        parameters = [{"ParameterKey": "User", "ParameterValue": user}]
        return {"Stacks": [{"StackStatus": status, "Parameters": parameters}]}

    def get_template(self, StackName: str) -> dict[str, Any]:
        return {"TemplateBody": TEMPLATE}

    def resources(self, stack: str) -> dict[str, str]:
        return {}

    def events(self, stack: str) -> list[Any]:
        return []


def test_the_parameters_of_an_update_that_is_refused_at_once_are_noted() -> None:
    stage: Any = Refused()
    watched = _Watched(stage, "infrastructure")
    assert watched.values == {"User": "earlier"}
    watched.look()
    watched.look()
    assert watched.passed == {"User": "other"}
