"""The common beginning of both templates: the stage's parameters, and the key."""

from __future__ import annotations

from phoenix_cfn.common.key import encryption_key
from phoenix_cfn.naming import Names
from phoenix_cfn.parameters.stage import stage_parameters
from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def stage_scope(template: StageTemplate, settings: Settings, publisher: str) -> Scope:
    """The scope of a template's parts. `publisher`: the service, such as `cloudwatch`, that publishes to the topic."""
    parameters = stage_parameters(template, settings)
    key = encryption_key(template, publisher)
    return Scope(template, settings, parameters, Names.of(settings.name), key)
