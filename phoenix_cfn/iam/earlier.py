"""The record of resources that running stages may still have from earlier templates, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.boundary import boundary_permissions, joined
from phoenix_cfn.iam.footprint import Footprint
from phoenix_cfn.iam.handlers import Supplied
from phoenix_cfn.iam.passed_roles import Outside
from phoenix_cfn.iam.resources import Template
from phoenix_cfn.iam.statements import Permission

_SETS = ("secrets", "reads", "buckets", "templates", "tokens")


class RecordError(PhoenixError):
    """An invalid record."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path}: found {found}; expected a file that build.py has written. After a merge, keep the lines of both "
            "sides. If all stages are updated to the current template, remove the file instead, and run build.py."
        )


class Earlier(Struct, frozen=True):
    """`footprint`: the resources of earlier templates; `roles`: the permissions of their roles, from the boundary."""

    footprint: Footprint = Footprint()
    roles: tuple[Permission, ...] = ()

    @classmethod
    def of(cls, template: Mapping[str, Any], values: Mapping[str, str], supplied: Supplied | None = None) -> Earlier:
        """The record of a template. `values`: see `Template`; `supplied`: see `Handlers.of`."""
        return cls(Footprint.of(Template(template, values), supplied), tuple(boundary_permissions(template, values)))

    @classmethod
    def read(cls, path: Path) -> Earlier:
        """The record in a file; empty if the file does not exist. Raises RecordError."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            # A broken symbolic link is not an empty record: the role would lack permissions for running stages.
            if path.is_symlink():
                raise RecordError(path, f"a broken symbolic link ({error.strerror})") from error
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise RecordError(path, str(error)) from error
        try:
            return cls.from_json(text)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise RecordError(path, f"an invalid record ({error})") from error

    def __or__(self, other: Earlier) -> Earlier:
        return Earlier(self.footprint | other.footprint, tuple(joined([*self.roles, *other.roles])))

    def __sub__(self, other: Earlier) -> Earlier:
        """The entries that the other record does not have."""
        known = joined(other.roles)
        roles = tuple(each for each in self.roles if len(joined([*known, each])) > len(known))
        return Earlier(self.footprint - other.footprint, roles)

    def __bool__(self) -> bool:
        return bool(self.footprint or self.roles)

    def to_json(self) -> str:
        """The sorted entries, one per line."""
        print_ = self.footprint
        types = {
            each: {
                **{kind: sorted(arns) for kind, arns in sorted(print_.arns.get(each, {}).items())},
                **({"properties": sorted(print_.features[each])} if each in print_.features else {}),
            }
            for each in sorted({*print_.arns, *print_.features})
        }
        facts: dict[str, Any] = {
            "resources": types,
            "passed roles": {service: sorted(arns) for service, arns in sorted(print_.passed.items())},
            "others": [list(each) for each in sorted(print_.others)],
            **{name: sorted(getattr(print_, name)) for name in _SETS},
            "around": {
                each: {kind: sorted(arns) for kind, arns in sorted(kinds.items())}
                for each, kinds in sorted(print_.around.items())
            },
            "tags": dict(sorted(print_.tags)),
            "roles": [
                {
                    "Sid": each.sid,
                    "Action": list(each.actions),
                    "Resource": list(each.resources),
                    "Condition": {
                        operator: {key: list(values) for key, values in sorted(keys.items())}
                        for operator, keys in sorted(each.conditions.items())
                    },
                }
                for each in sorted(self.roles, key=lambda each: (each.sid, each.actions, each.resources))
            ],
        }
        return json.dumps({name: value for name, value in facts.items() if value}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Earlier:
        facts = json.loads(text)
        unknown = set(facts) - {"resources", "passed roles", "others", *_SETS, "around", "tags", "roles"}
        if unknown:
            raise ValueError(f"unknown {', '.join(sorted(unknown))}")
        types: dict[str, dict[str, list[str]]] = facts.get("resources", {})
        footprint = Footprint(
            arns={
                each: {kind: frozenset(arns) for kind, arns in kinds.items() if kind != "properties"}
                for each, kinds in types.items()
            },
            features={each: frozenset(kinds["properties"]) for each, kinds in types.items() if "properties" in kinds},
            passed={service: frozenset(arns) for service, arns in facts.get("passed roles", {}).items()},
            # Earlier versions recorded the ARN only.
            others=frozenset(
                Outside(each, "", "") if isinstance(each, str) else Outside(*each) for each in facts.get("others", ())
            ),
            around={
                each: {kind: frozenset(arns) for kind, arns in kinds.items()}
                for each, kinds in facts.get("around", {}).items()
            },
            templates=frozenset(facts.get("templates", ())),
            tokens=frozenset(facts.get("tokens", ())),
            secrets=frozenset(facts.get("secrets", ())),
            reads=frozenset(facts.get("reads", ())),
            buckets=frozenset(facts.get("buckets", ())),
            tags=frozenset(facts.get("tags", {}).items()),
        )
        roles = tuple(
            Permission(
                each["Sid"],
                tuple(each["Action"]),
                tuple(each["Resource"]),
                {
                    operator: {key: tuple(values) for key, values in keys.items()}
                    for operator, keys in each.get("Condition", {}).items()
                },
            )
            for each in facts.get("roles", ())
        )
        return cls(footprint, roles)
