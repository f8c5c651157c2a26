"""A revision deployed on a local AWS of its own, the working tree released to it, and the verdict on the preview."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from phoenix_cfn.changes import revisions
from phoenix_cfn.changes.preview import Preview, previews
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.local import docker_engine, images
from phoenix_cfn.local.docker_engine import DockerEngine, waits_reported
from phoenix_cfn.local.errors import DeploymentFailed, LocalError
from phoenix_cfn.local.fork import Fork
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.rehearsal import verdict
from phoenix_cfn.local.rehearsal.release import Release, release
from phoenix_cfn.local.rehearsal.verdict import Agreement, Check
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.stage import Stage
from phoenix_cfn.local.up import TIME_SCALE, checked, in_words
from phoenix_cfn.project import TEMPLATES, Project
from phoenix_cfn.settings import Settings

_OWNER = "local"


@dataclass(frozen=True)
class Rehearsal:
    """`contradictions` are those beside the resources; those of resources are among the checks."""

    revision: str
    release: Release
    previews: tuple[Preview, ...]
    checks: tuple[Check, ...]
    contradictions: tuple[str, ...]
    parts: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, revision: str, done: Release, parts: Iterable[tuple[str, float]]) -> Rehearsal:
        """The verdict on a release: the preview of the same templates, with the values that were passed."""
        predicted = previews([(each.template, each.before, each.after) for each in done.updates])
        pairs = list(zip(predicted, done.updates, strict=True))
        around = verdict.Around(bool(done.failures), done.requests, done.failed_requests, done.data)
        return cls(
            revision,
            done,
            tuple(predicted),
            tuple(check for preview, update in pairs for check in verdict.checks(preview, update.seen)),
            tuple(verdict.around(predicted, around)),
            tuple(parts),
        )

    @property
    def contradicted(self) -> list[Check]:
        """The resources of which the preview said something else."""
        return [each for each in self.checks if each.agreement is Agreement.CONTRADICTED]

    @property
    def passed(self) -> bool:
        """Whether the release went through without a failed request or lost data, as the preview says."""
        done = self.release
        return not (done.failures or done.unanswered or done.data is False or self.contradicted or self.contradictions)


@dataclass(frozen=True)
class Values:
    """Parameters of the pipeline stack: at its creation, and at its update."""

    before: Mapping[str, str]
    after: Mapping[str, str]


def rehearse(root: Path, revision: str, prefix: str, values: Values, progress: Progress) -> Rehearsal:
    """Raises PhoenixError where the rehearsal cannot begin, or the revision cannot be deployed."""
    if not revisions.is_revision(root, revision):
        raise LocalError(f"{revision}: found no such git revision. Correct the name; `git log` lists revisions.")
    with tempfile.TemporaryDirectory(prefix="phoenix-rehearsal-", ignore_cleanup_errors=True) as folder:
        earlier = Path(folder) / "earlier"
        earlier.mkdir()
        files = revisions.export(root, revision, earlier)
        settings = _settings(earlier, revision)
        new = Project.load(root)
        _check(settings, checked(root, ()), revision)
        with in_words(), waits_reported(progress.note):
            engine = docker_engine.find()
            with progress.part("Images"):
                for project, chosen in ((earlier, settings), (root, new.settings)):
                    images.ensure(engine.client, project / chosen.source_dir / "Dockerfile", progress.note)
            with _aws(engine, Path(folder) / "state", progress) as aws:
                fork = Fork(aws, _OWNER, settings.name, settings.pipeline.source)
                fork.fill(earlier, files)
                fork.push(f"As in {revision}")
                stage = Stage(aws, fork, prefix, report=progress.detail)
                _deploy(stage, revision, values.before, progress)
                fork.take(root)
                for name, text in new.texts().items():
                    (fork.clone / TEMPLATES / name).write_text(text, encoding="utf-8")
                done = release(stage, values.after, progress)
    return Rehearsal.of(revision, done, progress.parts)


def _settings(earlier: Path, revision: str) -> Settings:
    """Of the revision, which must be one that `phoenix-cfn up` could deploy."""
    try:
        return checked(earlier)
    except PhoenixError as error:
        text = str(error).replace(str(earlier), revision)
        raise LocalError(f"{revision} cannot be deployed here: {text}\nName another revision.") from error


def _check(old: Settings, new: Settings, revision: str) -> None:
    """What makes another stage of it, or another repository, is no update."""
    for name, before, after in (
        ("name", old.name, new.name),
        ("pipeline.source", old.pipeline.source, new.pipeline.source),
    ):
        if before != after:
            raise LocalError(
                f"phoenix.toml, setting {name!r}: found {before!r} in {revision} and {after!r} in the working tree; "
                "expected the same, since a stage cannot change it. Name another revision, or put the setting back."
            )


@contextmanager
def _aws(engine: DockerEngine, state: Path, progress: Progress) -> Iterator[LocalAws]:
    """A local AWS for this rehearsal; nothing of it is left."""
    with progress.part("Local AWS"):
        aws = LocalAws.start(engine, state, TIME_SCALE)
    try:
        yield aws
    finally:
        with progress.part("Removal"):
            aws.stop()


def _deploy(stage: Stage, revision: str, given: Mapping[str, str], progress: Progress) -> None:
    """From nothing to an application that answers, as `up` does; approvals are given."""
    try:
        with progress.part(f"Pipeline stack of {revision}"):
            stage.create_pipeline(**given)
        with progress.part(f"First release of {revision}"):
            stage.finished(1, meanwhile=stage.approve)
    except (DeploymentFailed, ClientError) as error:
        raise LocalError(
            f"{revision} does not deploy, so that nothing can be released to it: {error}\nName another revision."
        ) from error
