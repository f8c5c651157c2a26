"""The resources that running stages may have: those of this library, and those in the fork's record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, inspect
from msgspec.structs import replace

from phoenix_cfn import infrastructure
from phoenix_cfn.choices import fields_of
from phoenix_cfn.iam import library
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.iam.handlers import HANDLERS, Supplied
from phoenix_cfn.naming import Names
from phoenix_cfn.parameters.release import DATABASE_SECRET_ARN, ROLE_BOUNDARY_ARN
from phoenix_cfn.parameters.stage import stage_parameters
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# The additions of these settings are in the records of the forks that choose them. Otherwise the deploy roles and
# boundaries of all forks would be wider, for certificates, roles and functions that they never have.
ON_RECORD = frozenset({("deployment", "strategy"), ("load_balancer", "https")})
# The placeholder for the service's name in library.json, which is a valid name.
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_CREDENTIALS = "${DatabaseCredentials}"
_ANY_SERVICE, _PLACEHOLDER = "name-of-the-service", "{service}"


def choices() -> dict[tuple[str, str], tuple[object, ...]]:
    """Values of settings, by group and name, that add resources or properties, or need permissions.

    A new number of this sort needs a line here; new kinds are included. `python -m phoenix_cfn.cli.library` updates
    library.json.
    """
    kinds = {key: values for key, values in _kinds(Settings).items() if key not in ON_RECORD}
    return {("database", "instances"): (1, 16), **kinds}


def _kinds(settings: type[Struct]) -> dict[tuple[str, str], tuple[object, ...]]:
    """The values of each setting that chooses between kinds, such as ("pipeline", "source"), by group and name."""
    groups = {field.name: field.type for field in fields_of(settings) if hasattr(field.type, "__struct_fields__")}
    return {
        (group, field.name): tuple(found.values)
        for group, kind in groups.items()
        for field in fields_of(kind)
        if isinstance(found := _unannotated(field.type), inspect.LiteralType) and isinstance(found.values[0], str)
    }


def _unannotated(kind: object) -> inspect.Type:
    found = inspect.type_info(kind)
    return found.type if isinstance(found, inspect.Metadata) else found


def known(settings: Settings) -> dict[str, str]:
    """The infrastructure stack's values that are known in the pipeline stack, as texts for Fn::Sub."""
    shared = stage_parameters(StageTemplate("", settings.name), settings).names()
    return {
        **{name: f"${{{name}}}" for name in shared},
        **({DATABASE_SECRET_ARN: _CREDENTIALS} if settings.database.has_cluster else {}),
        ROLE_BOUNDARY_ARN: "${RoleBoundary}",
        "AWS::StackName": Names.of(settings.name).infrastructure_stack,
    }


def supplied(settings: Settings) -> Supplied:
    """The IAM actions in the settings, by resource type and handler."""
    return {each.type: {name: getattr(each, name) for name in HANDLERS} for each in settings.permissions}


def left_by(settings: Settings, stack: Mapping[str, Any]) -> Earlier:
    """The resources of a stage that is deployed from this infrastructure template."""
    return Earlier.of(stack, known(settings), supplied(settings))


def of_the_library(settings: Settings) -> Earlier:
    """The resources of this library that a stage may have, with any settings, in this and in earlier versions.

    They are the same for all forks.
    """
    return Earlier.from_json((library.section(library.EARLIER) or "{}").replace(_PLACEHOLDER, settings.name))


def nameable(settings: Settings, earlier: Earlier) -> Earlier:
    """The part that this pipeline stack can refer to: parameters depend on the settings."""
    names = set(_VARIABLE.findall(" ".join(known(settings).values())))

    def is_known(text: str) -> bool:
        return all(each.startswith("AWS::") or each in names for each in _VARIABLE.findall(text))

    def of(texts: Iterable[str]) -> frozenset[str]:
        return frozenset(filter(is_known, texts))

    def of_kinds(types: Mapping[str, Mapping[str, Iterable[str]]]) -> dict[str, dict[str, frozenset[str]]]:
        return {each: {kind: of(arns) for kind, arns in kinds.items() if of(arns)} for each, kinds in types.items()}

    footprint = replace(
        earlier.footprint,
        arns=of_kinds(earlier.footprint.arns),
        around=of_kinds(earlier.footprint.around),
        secrets=of(earlier.footprint.secrets),
    )
    roles = (replace(each, resources=tuple(filter(is_known, each.resources))) for each in earlier.roles)
    return Earlier(footprint, tuple(each for each in roles if each.resources and is_known(str(each.conditions))))


def types(settings: Settings, stack: Mapping[str, Any], recorded: Earlier) -> set[str]:
    """The resource types of the deploy role."""
    of_the_template = {resource["Type"] for resource in stack["Resources"].values()}
    return of_the_template | of_the_library(settings).footprint.types() | recorded.footprint.types()


def update_library() -> bool:
    """Updates library.json and returns whether it changed. Existing entries stay."""
    chosen = [{}, *({group: {key: value}} for (group, key), values in choices().items() for value in values)]
    settings = [Settings.of({"name": _ANY_SERVICE, **each}) for each in chosen]
    found = of_the_library(settings[0])
    for each in settings:
        found |= left_by(each, infrastructure.template(each).to_dict())
    return library.record(library.EARLIER, found.to_json().replace(_ANY_SERVICE, _PLACEHOLDER))
