"""GitHub, as far as CodePipeline's OAuth source needs it: repositories, tokens, and webhooks that tell of pushes.

A repository is the bare Git repository `<owner>/<name>.git` in a folder; beside it, `<name>.token` holds the token
that may read it and `<name>.hooks.json` the webhooks registered for it. `push` does what a person's push does.
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


class GithubError(ValueError):
    """GitHub would refuse: an unknown repository or branch, or a token that may not."""


@dataclass(frozen=True)
class Repository:
    """`folder` holds the owners' folders."""

    folder: Path
    owner: str
    name: str

    @property
    def bare(self) -> Path:
        """The Git repository itself."""
        return self.folder / self.owner / f"{self.name}.git"

    def check(self, token: str) -> None:
        """GithubError where the token may not read the repository. GitHub says 404 for what one may not see."""
        expected = self.bare.with_suffix(".token")
        if not self.bare.is_dir() or not hmac.compare_digest(expected.read_text(), token):
            raise GithubError(f"GitHub: 404 Not Found: {self.owner}/{self.name} (or the token may not read it)")

    def commit(self, branch: str) -> str:
        """The commit that the branch is at."""
        found = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"],
            cwd=self.bare,
            capture_output=True,
            text=True,
        )
        if found.returncode != 0:
            raise GithubError(f"GitHub: there is no branch {branch} in {self.owner}/{self.name}")
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
        """URL -> secret of every registered webhook."""
        file = self.bare.with_suffix(".hooks.json")
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def register(self, url: str, secret: str, token: str) -> None:
        """Adds a webhook; GithubError where the token may not."""
        self.check(token)
        self.bare.with_suffix(".hooks.json").write_text(json.dumps({**self.hooks(), url: secret}))

    def unregister(self, url: str) -> None:
        """Removes a webhook."""
        rest = {known: secret for known, secret in self.hooks().items() if known != url}
        self.bare.with_suffix(".hooks.json").write_text(json.dumps(rest))

    def deliver(self, branch: str) -> list[int]:
        """Tells every webhook that the branch was pushed; their HTTP status codes."""
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


def signature(secret: str, body: bytes) -> str:
    """Of a delivery: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries"""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
