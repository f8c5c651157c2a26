"""The knobs of the local AWS, from the environment: where it listens, where it keeps things, how fast its clocks
run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PREFIX = "PHOENIX_LOCAL_"


@dataclass(frozen=True)
class LocalSettings:
    """`time_scale` is what one second of AWS's clocks lasts here: 0.1 makes a 60-second period last 6 seconds.

    Scaled are AWS's own clocks: metric periods, cooldowns, intervals of health checks. Times that a process here must
    meet are not, since this machine is no faster for it: a health check's time-out, the first seconds of a grace
    period, draining, StopTimeout.
    """

    port: int
    site: int
    """The port under which a browser on this machine reaches the load balancer."""
    secure_site: int
    """The same over TLS, in place of the load balancer's port 443."""
    bridge: str
    state: Path
    github: Path
    time_scale: float

    @property
    def codecommit(self) -> Path:
        """The folder of CodeCommit's repositories."""
        return self.state / "codecommit"

    @property
    def endpoint(self) -> str:
        """For processes on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint_for_containers(self) -> str:
        """For processes in containers on the default bridge."""
        return f"http://{self.bridge}:{self.port}"

    def environment(self) -> dict[str, str]:
        """What makes another process read the same settings."""
        return {
            f"{PREFIX}PORT": str(self.port),
            f"{PREFIX}SITE": str(self.site),
            f"{PREFIX}SECURE_SITE": str(self.secure_site),
            f"{PREFIX}BRIDGE": self.bridge,
            f"{PREFIX}STATE": str(self.state),
            f"{PREFIX}GITHUB": str(self.github),
            f"{PREFIX}TIME_SCALE": str(self.time_scale),
        }

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> LocalSettings:
        """What `environment()` of the same settings gave."""
        return cls(
            int(environment[f"{PREFIX}PORT"]),
            int(environment[f"{PREFIX}SITE"]),
            int(environment[f"{PREFIX}SECURE_SITE"]),
            environment[f"{PREFIX}BRIDGE"],
            Path(environment[f"{PREFIX}STATE"]),
            Path(environment[f"{PREFIX}GITHUB"]),
            float(environment[f"{PREFIX}TIME_SCALE"]),
        )


@cache
def settings() -> LocalSettings:
    """Of this process."""
    return LocalSettings.of(os.environ)


def busy() -> float:
    """How many times as long as on a quiet machine a process here may take, by how many want each core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2)


def scaled(seconds: float) -> float:
    """How long so many seconds of AWS last here."""
    return seconds * settings().time_scale
