"""APIs of services that MiniStack lacks, in AWS's JSON protocol: signatures and policies are checked as for its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3

from phoenix_cfn.local.aws import ministack

Request = dict[str, Any]
Operation = Callable[[Request], dict[str, Any]]


class ApiError(Exception):
    """What an API refuses: `code` is the exception's name in AWS's API reference."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def serve(service: str, operations: Mapping[str, Operation], resource: Callable[[str, Request], str]) -> None:
    """Answers the operations under the service's name, which is its namespace in IAM.

    `resource` is the ARN that IAM checks a request on, by the operation's name, without the part up to the account; "*"
    where the operation has no resource level.
    """
    plain = ministack.iam_actions.extract_resource_arn

    def extract(
        asked: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if asked != service:
            return plain(asked, method, path, headers, body, query, region, account)
        found = resource(_operation(headers), json.loads(body or b"{}"))
        return found if found == "*" else f"arn:aws:{service}:{region}:{account}:{found}"

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        operation = operations.get(_operation(headers))
        if operation is None:
            return _error("UnknownOperationException", f"the local {service} does not know {_operation(headers)}")
        try:
            # Some operations call others of this gateway: it must be able to answer meanwhile.
            return ministack.responses.json_response(await asyncio.to_thread(operation, json.loads(body or b"{}")))
        except ApiError as error:
            return _error(error.code, str(error))

    # To find out that this is a service of AWS, MiniStack would load the models of all, which takes seconds.
    known = ministack.router._KNOWN_AWS_SERVICE_NAMES or boto3.Session().get_available_services()
    ministack.router._KNOWN_AWS_SERVICE_NAMES = frozenset([*known, service])
    ministack.iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
    ministack.iam_actions.extract_resource_arn = extract
    ministack.app.SERVICE_HANDLERS[service] = handle


def _operation(headers: Mapping[str, str]) -> str:
    return headers.get("x-amz-target", "").rpartition(".")[2]


def _error(code: str, message: str) -> Any:
    return ministack.responses.error_response_json(code, message, 400)
