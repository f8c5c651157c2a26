"""Allow statements, and policies of them within IAM's limits, as troposphere or plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from awacs import aws
from awacs.aws import Action, Allow, Condition, PolicyDocument, Statement
from msgspec import Struct
from msgspec.structs import replace
from troposphere import Ref, Sub

from phoenix_cfn.cloudformation.limits import MANAGED_POLICIES_OF_A_ROLE, MANAGED_POLICY_LIMIT, ROLE_INLINE_LIMIT
from phoenix_cfn.errors import PhoenixError

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
# Maximum lengths in AWS; the length of a stage's name is limited by its parameter, and other references are ARNs.
_LONGEST = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-1", "AWS::AccountId": "1" * 12}
_LONGEST_REFERENCE = 150
_NUMBER = 4


class PolicyTooLargeError(PhoenixError):
    """A policy above the limits, which IAM would refuse when the stack is created."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(
            f"{what} may have {size} characters, {size - limit} more than the limit of {limit} in IAM. "
            "Reduce the types of resources in the template, use names that contain the stage, or shorten "
            "service.allow and service.secrets in phoenix.toml, for example with resources that end with a wildcard."
        )


class Permission(Struct, frozen=True):
    """An Allow statement. `resources` and the values of `conditions` are texts, which may contain Fn::Sub variables;
    `conditions` are by operator, such as `StringEquals`, and key."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions

    def with_texts(self, change: Callable[[str], str]) -> Permission:
        """A copy with `change` applied to all resources and condition values."""
        conditions = {
            operator: {key: tuple(map(change, values)) for key, values in keys.items()}
            for operator, keys in self.conditions.items()
        }
        return replace(self, resources=tuple(map(change, self.resources)), conditions=conditions)

    def with_resources(self, change: Callable[[str], str]) -> Permission:
        """A copy with `change` applied to all resources."""
        return replace(self, resources=tuple(dict.fromkeys(map(change, self.resources))))

    def to_awacs(self) -> Statement:
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": Allow,
            "Action": [Action(*action.split(":", 1)) for action in self.actions],
            "Resource": [_troposphere(each) for each in self.resources],
        }
        if self.conditions:
            statement["Condition"] = Condition(
                [
                    getattr(aws, operator)(
                        {key: _one_or_all(_troposphere(each) for each in values) for key, values in keys.items()}
                    )
                    for operator, keys in self.conditions.items()
                ]
            )
        return Statement(**statement)

    def to_json(self) -> dict[str, Any]:
        """The statement as plain data, with Fn::Sub for texts with variables."""
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": [_plain(each) for each in self.resources],
        }
        if self.conditions:
            statement["Condition"] = {
                operator: {key: _one_or_all(_plain(each) for each in values) for key, values in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return statement


def with_own_sids(permissions: Iterable[Permission]) -> list[Permission]:
    """The permissions, each with a unique Sid."""
    unique: dict[str, Permission] = {}
    for each in permissions:
        # Those of a record may be numbered already.
        sids = (f"{each.sid}{number}" if number > 1 else each.sid for number in count(1))
        sid = next(sid for sid in sids if sid not in unique)
        unique[sid] = replace(each, sid=sid)
    return list(unique.values())


def policy_documents(what: str, permissions: Iterable[Permission], longest: Mapping[str, int]) -> list[PolicyDocument]:
    """The statements of each document: the first is a role's inline policy, the others are managed policies.

    `longest`: the maximum lengths of Fn::Sub variables that are not ARNs. Raises PolicyTooLargeError above the limits
    of a role.
    """
    documents: list[list[Permission]] = [[]]
    sizes: list[list[int]] = [[]]
    for permission in permissions:
        limit = MANAGED_POLICY_LIMIT if len(documents) > 1 else ROLE_INLINE_LIMIT
        size = _statement_size(permission, longest)
        if _size([*sizes[-1], size]) > limit:
            documents.append([])
            sizes.append([])
        documents[-1].append(permission)
        sizes[-1].append(size)
    if len(documents) > 1 + MANAGED_POLICIES_OF_A_ROLE:
        raise PolicyTooLargeError(
            what, sum(map(_size, sizes)), ROLE_INLINE_LIMIT + MANAGED_POLICIES_OF_A_ROLE * MANAGED_POLICY_LIMIT
        )
    return [
        policy_document(what, each, MANAGED_POLICY_LIMIT if number else ROLE_INLINE_LIMIT, longest)
        for number, each in enumerate(documents)
    ]


def split_policies(what: str, permissions: Iterable[Permission], longest: Mapping[str, int]) -> list[list[Permission]]:
    """The statements in as many managed policies as necessary. Raises PolicyTooLargeError if one does not fit."""
    pieces = (piece for each in permissions for piece in _pieces(what, each, longest))
    documents: list[list[Permission]] = []
    sizes: list[list[int]] = []
    for piece in with_own_sids(pieces):
        size = _statement_size(piece, longest)
        for document, others in zip(documents, sizes, strict=True):
            if _size([*others, size]) <= MANAGED_POLICY_LIMIT:
                document.append(piece)
                others.append(size)
                break
        else:
            documents.append([piece])
            sizes.append([size])
    return documents


def _pieces(what: str, permission: Permission, longest: Mapping[str, int]) -> Iterator[Permission]:
    """The statement in parts that each fit into a managed policy, with a number at the end of the Sid."""
    size, limit = policy_size([permission], longest), MANAGED_POLICY_LIMIT - _NUMBER
    if size <= limit:
        yield permission
        return
    longer = max(("actions", "resources"), key=lambda name: len("".join(getattr(permission, name))))
    values = getattr(permission, longer)
    if len(values) == 1:
        raise PolicyTooLargeError(what, size, limit)
    for half in (values[: len(values) // 2], values[len(values) // 2 :]):
        yield from _pieces(what, replace(permission, **{longer: half}), longest)


def policy_document(
    what: str, permissions: Iterable[Permission], limit: int, longest: Mapping[str, int]
) -> PolicyDocument:
    """A policy for a template in troposphere. Raises PolicyTooLargeError if it could exceed IAM's limit."""
    every = list(permissions)
    size = policy_size(every, longest)
    if size > limit:
        raise PolicyTooLargeError(what, size, limit)
    return PolicyDocument(Version="2012-10-17", Statement=[each.to_awacs() for each in every])


def policy_size(permissions: Iterable[Permission], longest: Mapping[str, int]) -> int:
    """The maximum number of characters for IAM: without white space, with the longest values of variables."""
    return _size([_statement_size(each, longest) for each in permissions])


def _size(statements: Sequence[int]) -> int:
    """Of a policy with statements of these sizes: they are separated by commas."""
    return len('{"Version":"2012-10-17","Statement":[]}') + sum(statements) + max(len(statements) - 1, 0)


def _statement_size(permission: Permission, longest: Mapping[str, int]) -> int:
    def fill(match: re.Match[str]) -> str:
        return _LONGEST.get(match[1]) or "x" * longest.get(match[1], _LONGEST_REFERENCE)

    text = json.dumps(permission.to_json(), separators=(",", ":"))
    return len(re.sub(r"\$\{([^}]*)\}", fill, re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", text)))


def _one_or_all(values: Iterable[Any]) -> Any:
    every = list(values)
    return every[0] if len(every) == 1 else every


def _troposphere(text: str) -> Any:
    reference = re.fullmatch(r"\$\{([A-Za-z0-9:]+)\}", text)
    if reference:
        return Ref(reference[1])
    return Sub(text) if "${" in text else text


def _plain(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text
