"""The extra `local`: the requirements of `up`, `status`, `logs` and `down`."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

from phoenix_cfn.errors import PhoenixError

_EXTRA = re.compile(r"""^([\w.-]+)(?:\s*==\s*([\w.]+))?.*extra\s*==\s*['"]local['"]""")


class ExtraError(PhoenixError):
    """A package of the extra is missing, or has the wrong version."""


def require_local() -> None:
    """Raises ExtraError with all packages that are missing or have the wrong version."""
    found = list(filter(None, map(_mistake, requires("phoenix_cfn") or [])))
    if found:
        raise ExtraError(
            f"found {', '.join(found)}; expected the extra `local`. Install it with `pip install 'phoenix_cfn[local]'` "
            "from the source of phoenix_cfn; in a checkout, `.venv/bin/pip install -e '.[local]'`."
        )


def _mistake(requirement: str) -> str:
    match = _EXTRA.match(requirement)
    if match is None:
        return ""
    name, wanted = match.groups()
    try:
        installed = version(name)
    except PackageNotFoundError:
        return f"no package {name}"
    return f"{name} {installed} instead of {wanted}" if wanted and installed != wanted else ""
