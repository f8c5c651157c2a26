"""The facts from which the deploy role follows: the actions of a resource type's handlers, and their resources.

The facts of this library's types are in library.json. Others are read from the schemas in the build.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam import library
from phoenix_cfn.iam.supplements import BESIDES_HANDLERS, NEEDS_NOTHING, NO_RESOURCE_LEVEL, WITHOUT_HANDLERS

HANDLERS = ("create", "read", "update", "delete", "list")
# Actions by resource type and handler.
Supplied = Mapping[str, Mapping[str, tuple[str, ...]]]
_NOTHING: Supplied = {}


class UnknownNeedsError(PhoenixError):
    """Resource types with unknown permissions: the policy would be incomplete."""

    def __init__(self, resource_types: Iterable[str]) -> None:
        self.resource_types = sorted(resource_types)
        super().__init__(
            "the permissions that CloudFormation needs are unknown for "
            + ", ".join(self.resource_types)
            + ": the registry schema of cfn-lint "
            + schemas.cfn_lint_version()
            + " lists no handler permissions. Add them to phoenix.toml as [[permissions]], or, in this library, to "
            "phoenix_cfn/iam/supplements.py with their source."
        )


class Handlers(Struct, frozen=True):
    """`types`: the actions by type and handler; `tagged`: types whose resources have CloudFormation's tags from their
    creation; `kinds`: by action, the kinds of resource that it can be limited to, empty if there are none; `places`: by
    kind, such as `iam:role`, an irregular beginning of its ARNs; `not_actions`: by type, the actions in its schema that
    do not exist in IAM."""

    types: dict[str, dict[str, list[str]]]
    tagged: list[str]
    kinds: dict[str, list[str]]
    places: dict[str, str]
    not_actions: dict[str, list[str]]

    @classmethod
    def of(cls, resource_types: Iterable[str], supplied: Supplied = _NOTHING) -> Handlers:
        """The facts of these types. Raises UnknownNeedsError.

        `supplied`: the project's actions, by type and handler, for types whose schemas do not list them.
        """
        wanted = set(resource_types)
        recorded = cls.recorded()
        return recorded if recorded and wanted <= set(recorded.types) else cls.derive(wanted, supplied)

    @classmethod
    def recorded(cls) -> Handlers | None:
        """The facts in library.json; None if they are from another cfn-lint, or from other supplements."""
        data = json.loads(library.section(library.HANDLERS) or "{}")
        return cls(**data["facts"]) if data.get("from") == _origin() else None

    @classmethod
    def derive(cls, resource_types: Iterable[str], supplied: Supplied = _NOTHING) -> Handlers:
        """The facts from the schemas. Raises UnknownNeedsError."""
        without_handlers = {**supplied, **WITHOUT_HANDLERS}
        types: dict[str, dict[str, list[str]]] = {}
        not_actions: dict[str, list[str]] = {}
        tagged, unknown = [], []
        for resource_type in sorted(set(resource_types)):
            schema = schemas.resource_schema(resource_type) or {}
            needs = {
                handler: set(map(_plain, known["permissions"])) for handler, known in schema.get("handlers", {}).items()
            }
            if not needs:
                needs = {handler: set(actions) for handler, actions in without_handlers.get(resource_type, {}).items()}
            if not needs and resource_type not in NEEDS_NOTHING:
                unknown.append(resource_type)
                continue
            tagging: dict[str, Any] = schema.get("tagging") or {}
            needs["update"] = needs.get("update", set()) | set(map(_plain, tagging.get("permissions", [])))
            needs["create"] = needs.get("create", set()) | set(BESIDES_HANDLERS.get(resource_type, ()))
            if tagging.get("cloudFormationSystemTags") and tagging.get("tagOnCreate"):
                tagged.append(resource_type)
            strange = {name for names in needs.values() for name in names if not _is_action(name)}
            if strange:
                not_actions[resource_type] = sorted(strange)
            types[resource_type] = {
                handler: sorted(filter(_is_action, needs[handler])) for handler in HANDLERS if needs.get(handler)
            }
        if unknown:
            raise UnknownNeedsError(unknown)
        actions = {action for needs in types.values() for names in needs.values() for action in names}
        kinds = {action: _kinds(action) for action in sorted(actions)}
        places = {}
        for action, names in kinds.items():
            service = action.partition(":")[0]
            for name in names:
                place = schemas.arn_prefix(service, name)
                if place and place != regular_place(service):
                    places[f"{service}:{name}"] = place
        return cls(types, tagged, kinds, dict(sorted(places.items())), not_actions)

    def actions(self, resource_type: str, handlers: Collection[str] = HANDLERS) -> set[str]:
        """The actions of these handlers of a type."""
        return {action for name in handlers for action in self.types[resource_type].get(name, ())}

    def record(self) -> None:
        """Writes the facts to library.json."""
        facts = {name: getattr(self, name) for name in self.__struct_fields__}
        library.record(library.HANDLERS, _layout({"from": _origin(), "facts": facts}))


def regular_place(service: str) -> str:
    """The regular beginning of ARNs, up to the account, as text for Fn::Sub."""
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:"


def refresh(resource_types: Iterable[str]) -> bool:
    """Brings library.json up to these types and the installed cfn-lint; whether it had to be written.

    Types stay in the file once they are there: they cost nothing, and settings come and go.
    """
    recorded = Handlers.recorded()
    wanted = set(resource_types)
    if recorded and wanted <= set(recorded.types):
        return False
    Handlers.derive(wanted | set(recorded.types if recorded else ())).record()
    return True


def _origin() -> dict[str, str]:
    """What the facts follow from."""
    supplements = json.dumps([BESIDES_HANDLERS, WITHOUT_HANDLERS, sorted(NO_RESOURCE_LEVEL)], sort_keys=True)
    return {
        "cfn-lint": schemas.cfn_lint_version(),
        "supplements": hashlib.sha256(supplements.encode()).hexdigest()[:12],
    }


def _plain(name: str) -> str:
    """An action with its service as IAM writes it: some schemas write `EC2:`."""
    service, colon, action = name.partition(":")
    return service.lower() + colon + action


def _is_action(name: str) -> bool:
    """Whether the action exists in IAM. Actions with wildcards, in the schemas of some types, stay unchanged."""
    return name.lower() in schemas.iam_actions() or name.endswith("*")


def _kinds(action: str) -> list[str]:
    if action in NO_RESOURCE_LEVEL:
        return []
    return sorted(map(str.lower, schemas.iam_actions().get(action.lower(), [])))


def _layout(value: Any, depth: int = 0) -> str:
    """JSON with a line for each list, so that a diff shows the action and not the bracket."""
    if not isinstance(value, dict):
        return json.dumps(value)
    indent = " " * (depth + 1)
    lines = ",\n".join(f"{indent}{json.dumps(key)}: {_layout(inner, depth + 1)}" for key, inner in value.items())
    return "{\n" + lines + "\n" + " " * depth + "}" + ("\n" if depth == 0 else "")
