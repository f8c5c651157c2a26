"""`phoenix-cfn init`: writes the first files of a project."""

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
    """Invalid options, or an invalid folder, for a new project."""


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Writes the missing files in `root`. Returns the exit code 0. Raises PhoenixError."""
    options = _parse(arguments, root, prog)
    if options.source != _UNKNOWN and not _SOURCE.fullmatch(options.source):
        raise InitError(
            f"--from: found {options.source!r}; expected git+https://<repository>@<commit> with a commit of 40 digits, "
            "so that all installations are equal. Correct the value."
        )
    new = not (root / SETTINGS_FILE).exists()
    # Raises SettingsError for an invalid name or an invalid existing phoenix.toml.
    settings = Settings(name=options.name or _name_of(root)) if new else Settings.load(root / SETTINGS_FILE)
    if options.name not in (None, settings.name):
        raise InitError(
            f"--name: found {options.name!r}; expected {settings.name!r}, as in the {SETTINGS_FILE} of this folder. "
            "Omit the option, or change the file."
        )
    contents = {
        path: content
        for path, content in _contents(root, settings, options.source).items()
        # A broken symbolic link is an existing file, too.
        if not path.exists() and not path.is_symlink()
    }
    for folder in {path.parent for path in contents} | {root / TEMPLATES}:
        folder.mkdir(parents=True, exist_ok=True)
    write(contents)
    for path in _contents(root, settings, options.source):
        print(f"{path.relative_to(root).as_posix()}: {'written' if path in contents else 'exists, not changed'}")
    if options.source == _UNKNOWN:
        print(f"Replace {_UNKNOWN} in README.md and in the workflow: the source of this installation is not known.")
    dockerfile = root / settings.source_dir / "Dockerfile"
    first = f"add {dockerfile.relative_to(root).as_posix()}, " if not dockerfile.exists() else ""
    print(f"Next: {first}edit phoenix.toml for your service, then run `phoenix-cfn build` and `phoenix-cfn up`.")
    return 0


def _parse(arguments: Sequence[str], root: Path, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Writes phoenix.toml, .cfnlintrc, a buildspec, a workflow, .gitignore and a README into this "
        "folder. Existing files are not changed.",
        epilog="Exit code: 0; 2 for invalid input.",
    )
    parser.add_argument("--name", help=f"the service's name (default: {_name_of(root)})")
    parser.add_argument(
        "--from",
        dest="source",
        default=_installed_from(),
        metavar="SOURCE",
        help="the source of phoenix_cfn for the project: git+https://<repository>@<commit> (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _name_of(root: Path) -> str:
    """The service name from the folder's name: lower-case words joined by single hyphens."""
    words = re.findall(r"[a-z0-9]+", root.resolve().name.lower())
    return re.sub(r"^[^a-z]+", "", "-".join(words)) or Settings().name


def _installed_from() -> str:
    source = origin.installed_from()
    return f"git+{source.url}@{source.commit}" if source else _UNKNOWN


def _contents(root: Path, settings: Settings, source: str) -> dict[Path, bytes]:
    """All files of a new project, by path."""
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
