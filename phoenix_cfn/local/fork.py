"""A project as a repository on the local GitHub or CodeCommit, and a clone to change it and push."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from phoenix_cfn.local.aws.git_hosts import PUSHES, Repository
from phoenix_cfn.local.errors import LocalError
from phoenix_cfn.local.server import ACCOUNT, REGION, LocalAws
from phoenix_cfn.settings import SourceKind

TOKEN = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
# The connection to GitHub, as a person has made it in the console.
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-cdef-0123-456789abcdef"
BRANCH = "master"
_IDENTITY = {"NAME": "Somebody", "EMAIL": "somebody@example.com"}


class Fork:
    """`clone` is a working copy: change files there, then `push`. `source`: the kind of the pipeline's source."""

    def __init__(
        self,
        aws: LocalAws,
        owner: str = "somebody",
        name: str = "cloud-phoenix-kata",
        source: SourceKind = "github-oauth",
    ) -> None:
        self.owner, self.name = owner, name
        if source == "codecommit":
            self.remote = Repository(aws.settings.codecommit, ACCOUNT, name)
            self._events = [f"{aws.settings.endpoint}{PUSHES}codecommit/{ACCOUNT}/{REGION}/{name}"]
        else:
            self.remote = Repository(aws.settings.github, owner, name)
            self._events = []
        self.clone = aws.settings.state / "clones" / owner / name

    def fill(self, project: Path, files: Iterable[str] | None = None) -> None:
        """Takes the files of the project, changed and new ones too, and makes the remote.

        The project need not be a Git repository. Its .gitignore counts all the same.
        """
        self.clone.mkdir(parents=True)
        git(self.clone, "init", "--quiet", "--initial-branch", BRANCH)
        self.take(project, files)
        self.remote.bare.parent.mkdir(parents=True, exist_ok=True)
        git(self.remote.bare.parent, "init", "--quiet", "--bare", "--initial-branch", BRANCH, str(self.remote.bare))
        self.remote.bare.with_suffix(".token").write_text(TOKEN)
        self.remote.bare.with_suffix(".connection").write_text(CONNECTION)
        for url in self._events:
            # CodeCommit itself learns of pushes.
            self.remote.register(url, "none")
        git(self.clone, "remote", "add", "origin", str(self.remote.bare))

    def take(self, project: Path, files: Iterable[str] | None = None) -> None:
        """Makes the clone's files those of the project, not pushed yet. Without `files`, all that Git would take."""
        for each in self.clone.iterdir():
            if each.name != ".git":
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        git(self.clone, "read-tree", "--empty")
        for file in _files(project, self.clone) if files is None else files:
            source = project / file
            if source.is_file():
                (self.clone / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, self.clone / file)
        # Also what is in the repository although .gitignore has it.
        git(self.clone, "add", "--all", "--force")

    def push(self, message: str, quietly: bool = False) -> str:
        """Commits everything and pushes it. The host then reports the push, unless `quietly`. The commit's id."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "--message", message)
        git(self.clone, "push", "--quiet", "origin", BRANCH)
        if not quietly:
            self.remote.deliver(BRANCH)
        return self.head()

    def head(self) -> str:
        """The clone's last commit."""
        return git(self.clone, "rev-parse", "HEAD").strip()


def _files(project: Path, clone: Path) -> list[str]:
    """By their paths in the project."""
    options = ("ls-files", "--cached", "--others", "--exclude-standard", "-z")
    try:
        listed = git(project, *options)
    except LocalError:
        # No repository yet: the clone's, which is empty, with the project as its working tree.
        listed = git(project, f"--git-dir={clone / '.git'}", "--work-tree=.", *options)
    return [file for file in listed.split("\0") if file]


def git(folder: Path, *arguments: str) -> str:
    """What a Git command prints. Raises LocalError with what it complains about."""
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY.items()}
    # Neither the person's configuration nor an outer repository's variables may reach in.
    outer = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", *arguments],
            cwd=folder,
            env={**outer, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"},
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise LocalError("found no command git; expected Git 2.28 or newer. Install it.") from error
    if done.returncode != 0:
        raise LocalError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
