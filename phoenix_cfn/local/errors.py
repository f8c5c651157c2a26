"""The errors of the local AWS that a person is meant to read."""

from __future__ import annotations

from phoenix_cfn.errors import PhoenixError


class LocalError(PhoenixError):
    """The local AWS cannot do this here: what was found, what was expected, what to do."""


class NoDocker(LocalError):
    """There is no Docker engine that can be used."""


class DeploymentFailed(PhoenixError):
    """A stack or a pipeline did not get there; the message has the reasons from its events."""
