"""The commit that this package was installed from, if pip has recorded one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution


@dataclass(frozen=True)
class Origin:
    """`url` is the repository's, such as https://github.com/OWNER/phoenix_cfn; `commit` has all 40 digits."""

    url: str
    commit: str

    @property
    def page(self) -> str:
        """The repository in a browser."""
        return self.url.removesuffix(".git")


def installed_from() -> Origin | None:
    """None for a checkout, or a package that was installed from a file.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        recorded = json.loads(distribution("phoenix_cfn").read_text("direct_url.json") or "{}")
        return Origin(recorded["url"], recorded["vcs_info"]["commit_id"])
    except (PackageNotFoundError, ValueError, KeyError):
        return None
