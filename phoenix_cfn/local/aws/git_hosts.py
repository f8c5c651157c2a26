"""GitHub and CodeCommit, as far as CodePipeline's sources need them: repositories, and the reports of pushes.

A repository is the bare Git repository `<owner>/<name>.git` in the host's folder. Beside it, `<name>.token` holds the
token that may read it, `<name>.connection` the ARN of the connection that may, and `<name>.hooks.json` the URLs that
get every push. A repository of CodeCommit belongs to an account, in place of an owner.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import subprocess
import tarfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phoenix_cfn.local.aws.settings import settings

# Below it, the gateway takes the pushes that the hosts report: then the kind of the source, and a name.
PUSHES = "/_local/pushes/"


class GitError(ValueError):
    """The host would refuse: an unknown repository or branch, or a token or connection that may not read it."""


@dataclass(frozen=True)
class Repository:
    """`folder` is the host's, which holds the owners' folders."""

    folder: Path
    owner: str
    name: str

    @property
    def bare(self) -> Path:
        """The Git repository itself."""
        return self.folder / self.owner / f"{self.name}.git"

    def check(self, token: str) -> None:
        """GitError where the token may not read the repository. GitHub says 404 for what one may not see."""
        expected = self.bare.with_suffix(".token")
        if not self.bare.is_dir() or not hmac.compare_digest(expected.read_text(), token):
            raise GitError(f"GitHub: 404 Not Found: {self.owner}/{self.name} (or the token may not read it)")

    def check_connection(self, arn: str) -> None:
        """GitError where the connection's app may not read the repository.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html
        """
        expected = self.bare.with_suffix(".connection")
        if not self.bare.is_dir() or not expected.exists() or expected.read_text() != arn:
            raise GitError(f"[GitHub] No Branch [..] found for FullRepositoryName [{self.owner}/{self.name}]")

    def commit(self, branch: str) -> str:
        """The commit that the branch is at."""
        if not self.bare.is_dir():
            raise GitError(f"there is no repository {self.owner}/{self.name}")
        found = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"],
            cwd=self.bare,
            capture_output=True,
            text=True,
        )
        if found.returncode != 0:
            raise GitError(f"there is no branch {branch} in {self.owner}/{self.name}")
        return found.stdout.strip()

    def archive(self, commit: str) -> bytes:
        """The commit's files as a zip archive, modes kept, as CodePipeline stores it."""
        tar = subprocess.run(["git", "archive", commit], cwd=self.bare, capture_output=True, check=True).stdout
        output = io.BytesIO()
        with (
            tarfile.open(fileobj=io.BytesIO(tar)) as source,
            zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for member in source.getmembers():
                content = source.extractfile(member)
                if content is not None:
                    entry = zipfile.ZipInfo(member.name)
                    entry.external_attr = member.mode << 16
                    target.writestr(entry, content.read())
        return output.getvalue()

    def hooks(self) -> dict[str, str]:
        """URL -> secret of everything that gets pushes."""
        file = self.bare.with_suffix(".hooks.json")
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def register(self, url: str, secret: str) -> None:
        """The URL gets every push from now on."""
        self.bare.with_suffix(".hooks.json").write_text(json.dumps({**self.hooks(), url: secret}))

    def unregister(self, url: str) -> None:
        """The URL gets no pushes any more."""
        rest = {known: secret for known, secret in self.hooks().items() if known != url}
        self.bare.with_suffix(".hooks.json").write_text(json.dumps(rest))

    def deliver(self, branch: str) -> list[int]:
        """Reports that the branch was pushed; the HTTP status codes of the answers."""
        payload = {"ref": f"refs/heads/{branch}", "after": self.commit(branch)}
        return [self.tell(url, secret, payload) for url, secret in self.hooks().items()]

    @staticmethod
    def tell(url: str, secret: str, payload: dict[str, Any]) -> int:
        """One delivery; its HTTP status code, HTTPError where it is 400 or above."""
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-Hub-Signature-256": signature(secret, body),
        }
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return int(answer.status)


def github(owner: str, name: str) -> Repository:
    """A repository on GitHub."""
    return Repository(settings().github, owner, name)


def codecommit(account: str, name: str) -> Repository:
    """A repository of an account in CodeCommit."""
    return Repository(settings().codecommit, account, name)


def signature(secret: str, body: bytes) -> str:
    """Of a delivery: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries"""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
