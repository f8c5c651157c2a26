"""A fork of this project with the default settings, and how the tests change it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.local import fork
from phoenix_cfn.local.fork import BRANCH, TOKEN, git
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.render import render
from tests.deployment import REPOSITORY_ROOT

__all__ = ["BRANCH", "TOKEN", "Fork"]


class Fork(fork.Fork):
    """`good` is its first commit."""

    good = ""

    @classmethod
    def create(cls, aws: LocalAws, owner: str = "somebody", name: str = "cloud-phoenix-kata") -> Fork:
        """With one commit: the working tree, with the default settings and the templates that follow from them."""
        made = cls(aws, owner, name)
        made.fill(REPOSITORY_ROOT)
        _set_defaults(made.clone)
        made.good = made.push("Fork of the kata")
        return made

    def replace(self, file: str, old: str, new: str) -> None:
        """Replaces a text in a file of the clone; it must be there."""
        path = self.clone / file
        # As bytes: the exchanges that the application's tests expect have the line ends of HTTP.
        content = path.read_bytes()
        if old.encode() not in content:
            raise ValueError(f"{file} does not contain {old!r}")
        path.write_bytes(content.replace(old.encode(), new.encode()))

    def set_settings(self, settings: str) -> None:
        """Writes phoenix.toml."""
        (self.clone / "phoenix.toml").write_text(settings)

    def build(self) -> str:
        """Runs `python build.py` in the clone; what it prints."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, "build.py"], cwd=self.clone, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def restore(self, commit: str, folder: str = ".") -> None:
        """Makes the clone's files those of a commit again, not pushed yet."""
        git(self.clone, "add", "--all")
        git(self.clone, "restore", f"--source={commit}", "--staged", "--worktree", "--", folder)

    def reset(self) -> None:
        """Makes the clone's and the remote's files those of the first commit, and calls no webhook."""
        self.restore(self.good)
        if git(self.clone, "status", "--porcelain"):
            self.push("The first version again", quietly=True)

    def tree(self, commit: str) -> str:
        """What identifies the files of a commit."""
        return git(self.clone, "rev-parse", f"{commit}^{{tree}}").strip()


def _set_defaults(project: Path) -> None:
    skeleton = project / "phoenix_cfn/cli/skeleton"
    shutil.copy(skeleton / "phoenix.toml", project / "phoenix.toml")
    shutil.copy(skeleton / "cfnlintrc", project / ".cfnlintrc")
    (project / "deployed.json").unlink(missing_ok=True)
    for name, module in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
        (project / f"templates/{name}.yml").write_text(render(module.template(Settings())), encoding="utf-8")
