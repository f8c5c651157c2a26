"""`phoenix-cfn init`: the files that a project begins with."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from phoenix_cfn import origin
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.files import write
from phoenix_cfn.project import SETTINGS_FILE, TEMPLATES
from phoenix_cfn.settings import Settings

_UNKNOWN = "git+https://github.com/OWNER/phoenix_cfn@COMMIT"
_SOURCE = re.compile(r"git\+https://[^\s@\"]+@[0-9a-f]{40}")


class InitError(PhoenixError):
    """A project that cannot begin in this folder."""


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Writes what is missing in `root`. The exit code is 0. Raises PhoenixError."""
    options = _parse(arguments, root, prog)
    if options.source != _UNKNOWN and not _SOURCE.fullmatch(options.source):
        raise InitError(
            f"--from: found {options.source!r}; expected git+https://<repository>@<commit> with all 40 digits of the "
            "commit, so that every installation is the same. Correct the value."
        )
    new = not (root / SETTINGS_FILE).exists()
    # Raises SettingsError for a name, or an existing phoenix.toml, that cannot be used.
    settings = Settings(name=options.name or _name_of(root)) if new else Settings.load(root / SETTINGS_FILE)
    if options.name not in (None, settings.name):
        raise InitError(
            f"--name: found {options.name!r}; expected {settings.name!r}, which the {SETTINGS_FILE} of this folder "
            "has. Leave the option out, or change the file."
        )
    contents = {
        path: content
        for path, content in _contents(root, settings, options.source).items()
        # A link that leads nowhere is somebody's too.
        if not path.exists() and not path.is_symlink()
    }
    for folder in {path.parent for path in contents} | {root / TEMPLATES}:
        folder.mkdir(parents=True, exist_ok=True)
    write(contents)
    for path in _contents(root, settings, options.source):
        print(f"{path.relative_to(root).as_posix()}: {'written' if path in contents else 'exists, left as it is'}")
    if options.source == _UNKNOWN:
        print(f"Replace {_UNKNOWN} in README.md and in the workflow: where this copy was installed from is not known.")
    dockerfile = root / settings.source_dir / "Dockerfile"
    first = f"add {dockerfile.relative_to(root).as_posix()}, " if not dockerfile.exists() else ""
    print(
        f"Next: {first}set what your service needs in phoenix.toml, then run `phoenix-cfn build`, and `phoenix-cfn up`."
    )
    return 0


def _parse(arguments: Sequence[str], root: Path, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Writes phoenix.toml, .cfnlintrc, a buildspec, a workflow, .gitignore and a README into this "
        "folder. A file that exists is left as it is.",
        epilog="Exit code: 0; 2 for what cannot be used.",
    )
    parser.add_argument("--name", help=f"the service's name (default: {_name_of(root)})")
    parser.add_argument(
        "--from",
        dest="source",
        default=_installed_from(),
        metavar="SOURCE",
        help="where the project installs phoenix_cfn from: git+https://<repository>@<commit> (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _name_of(root: Path) -> str:
    """The folder's name as the name of a service: lower-case words joined by single hyphens."""
    words = re.findall(r"[a-z0-9]+", root.resolve().name.lower())
    return re.sub(r"^[^a-z]+", "", "-".join(words)) or Settings().name


def _installed_from() -> str:
    source = origin.installed_from()
    return f"git+{source.url}@{source.commit}" if source else _UNKNOWN


def _contents(root: Path, settings: Settings, source: str) -> dict[Path, bytes]:
    """Every file of a new project."""
    values = {
        "NAME": settings.name,
        "SOURCE_DIR": settings.source_dir,
        "REQUIREMENT": f"phoenix_cfn @ {source}",
        "LOCAL_REQUIREMENT": f"phoenix_cfn[local] @ {source}",
        "PAGE": re.sub(r"^git\+|(\.git)?@[^@]*$", "", source),
    }
    skeleton = files("phoenix_cfn.cli") / "skeleton"

    def filled(name: str) -> bytes:
        text = (skeleton / name).read_text(encoding="utf-8")
        return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text).encode()

    settings_text = filled("phoenix.toml").replace(b'# name = "phoenix"', f'name = "{settings.name}"'.encode())
    return {
        root / SETTINGS_FILE: settings_text,
        root / ".cfnlintrc": filled("cfnlintrc"),
        root / settings.source_dir / "buildspec.yml": filled("buildspec.yml"),
        root / ".github/workflows/templates.yml": filled("workflow.yml"),
        root / ".gitignore": filled("gitignore"),
        root / "README.md": filled("README.md"),
    }
