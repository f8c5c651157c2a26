"""Every kind of source, by the setting `pipeline.source`."""

from __future__ import annotations

from collections.abc import Callable

from phoenix_cfn.pipeline.sources import Source
from phoenix_cfn.pipeline.sources.codecommit import codecommit
from phoenix_cfn.pipeline.sources.github_connection import github_connection
from phoenix_cfn.pipeline.sources.github_oauth import github_oauth
from phoenix_cfn.template import StageTemplate

# Each adds the parameters that say where the code is.
KINDS: dict[str, Callable[[StageTemplate], Source]] = {
    "github-oauth": github_oauth,
    "github-connection": github_connection,
    "codecommit": codecommit,
}
