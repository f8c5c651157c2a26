"""A fork of this project on the local GitHub: the working tree as it is now, and a clone to change it and push."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.render import render

from .local_aws.github import Repository
from .server import REPOSITORY_ROOT, LocalAws

TOKEN = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
BRANCH = "master"


class Fork:
    """`clone` is a working copy: change files there, then `push`."""

    def __init__(self, aws: LocalAws, owner: str = "somebody", name: str = "cloud-phoenix-kata") -> None:
        self.owner, self.name = owner, name
        self.good = ""
        self.remote = Repository(aws.settings.github, owner, name)
        self.clone = aws.settings.state / "clones" / owner / name

    @classmethod
    def create(
        cls,
        aws: LocalAws,
        owner: str = "somebody",
        name: str = "cloud-phoenix-kata",
        own_settings: bool = False,
    ) -> Fork:
        """With one commit that holds every file that Git would take of the working tree, changed or new ones too.

        Unless `own_settings`, with the default settings in place of the working tree's, and the templates of these.
        """
        fork = cls(aws, owner, name)
        fork.clone.mkdir(parents=True)
        listed = _git(REPOSITORY_ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        for file in filter(None, listed.split("\0")):
            source = REPOSITORY_ROOT / file
            if source.is_file():
                (fork.clone / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, fork.clone / file)
        if not own_settings:
            _set_defaults(fork.clone)
        fork.remote.bare.parent.mkdir(parents=True, exist_ok=True)
        _git(fork.remote.bare.parent, "init", "--quiet", "--bare", "--initial-branch", BRANCH, str(fork.remote.bare))
        fork.remote.bare.with_suffix(".token").write_text(TOKEN)
        _git(fork.clone, "init", "--quiet", "--initial-branch", BRANCH)
        _git(fork.clone, "remote", "add", "origin", str(fork.remote.bare))
        fork.good = fork.push("Fork of the kata")
        return fork

    def replace(self, file: str, old: str, new: str) -> None:
        """Replaces a text in a file of the clone; it must be there."""
        path = self.clone / file
        # As bytes: the exchanges that the application's tests expect have the line ends of HTTP.
        content = path.read_bytes()
        if old.encode() not in content:
            raise ValueError(f"{file} does not contain {old!r}")
        path.write_bytes(content.replace(old.encode(), new.encode()))

    def push(self, message: str, quietly: bool = False) -> str:
        """Commits everything, pushes, and GitHub tells the webhooks, unless `quietly`. The commit's id."""
        _git(self.clone, "add", "--all")
        _git(self.clone, "commit", "--quiet", "--allow-empty", "--message", message)
        _git(self.clone, "push", "--quiet", "origin", BRANCH)
        if not quietly:
            self.remote.deliver(BRANCH)
        return self.head()

    def restore(self, commit: str, folder: str = ".") -> None:
        """Makes the clone's files those of a commit again, not pushed yet."""
        _git(self.clone, "checkout", "--quiet", commit, "--", folder)

    def head(self) -> str:
        """The clone's last commit."""
        return _git(self.clone, "rev-parse", "HEAD").strip()


def _set_defaults(project: Path) -> None:
    skeleton = project / "phoenix_cfn/cli/skeleton"
    shutil.copy(skeleton / "phoenix.toml", project / "phoenix.toml")
    shutil.copy(skeleton / "cfnlintrc", project / ".cfnlintrc")
    (project / "deployed.json").unlink(missing_ok=True)
    for name, module in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
        (project / f"templates/{name}.yml").write_text(render(module.template(Settings())), encoding="utf-8")


def _git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY.items()}
    # Neither the person's configuration nor an outer repository's variables may reach in.
    outer = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", *arguments],
        cwd=folder,
        env={**outer, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


_IDENTITY = {"NAME": "Somebody", "EMAIL": "somebody@example.com"}
