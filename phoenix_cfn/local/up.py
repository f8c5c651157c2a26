"""A project's folder on the local AWS: brought up, found again, taken down."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from docker.errors import DockerException
from requests import RequestException

from phoenix_cfn.local import docker_engine, images
from phoenix_cfn.local.docker_engine import waits_reported
from phoenix_cfn.local.errors import DeploymentFailed, LocalError
from phoenix_cfn.local.fork import Fork
from phoenix_cfn.local.progress import Progress
from phoenix_cfn.local.server import REGION, LocalAws
from phoenix_cfn.local.stage import Stage
from phoenix_cfn.local.surroundings import surroundings
from phoenix_cfn.project import SETTINGS_FILE, TEMPLATES
from phoenix_cfn.settings import Settings

# What one second of AWS's clocks lasts.
TIME_SCALE = 0.1
_OWNER = "local"
# In the state's folder: the stage's prefix.
_PREFIX = "stage"


def state_of(root: Path) -> Path:
    """The folder with the state of the project's local AWS: outside the project, and the same for each command."""
    digest = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"phoenix-local-{digest}"


@contextmanager
def in_words() -> Iterator[None]:
    """Raises LocalError for what goes wrong between this machine, the Docker engine and the local AWS."""
    try:
        yield
    except (BotoCoreError, ClientError, DockerException, RequestException) as error:
        raise LocalError(f"{type(error).__name__}: {error}") from error


def up(root: Path, prefix: str, parameters: Mapping[str, str], progress: Progress) -> Stage:
    """Deploys the project in `root`. Raises LocalError where that is impossible, DeploymentFailed where it fails."""
    settings = checked(root)
    state = state_of(root)
    with in_words(), waits_reported(progress.note):
        engine = docker_engine.find()
        _make_room(engine, state)
        with progress.part("Images"):
            images.ensure(engine.client, root / settings.source_dir / "Dockerfile", progress.note)
        with progress.part("Local AWS"):
            aws = LocalAws.start(engine, state, TIME_SCALE, tied=False)
        try:
            (state / _PREFIX).write_text(prefix)
            fork = Fork(aws, _OWNER, settings.name, settings.pipeline.source)
            fork.fill(root)
            fork.push("The project as it is")
            return deployed(Stage(aws, fork, prefix, report=progress.detail), parameters, progress)
        except DeploymentFailed as error:
            raise DeploymentFailed(
                f"{error}\nThe local AWS still runs, with its log in {state}/gateway.log. "
                "`phoenix-cfn down` removes it."
            ) from error
        except BaseException:
            aws.stop()
            raise


def deployed(stage: Stage, parameters: Mapping[str, str], progress: Progress) -> Stage:
    """From the pipeline stack to an application that answers."""
    with progress.part(f"Stack {stage.pipeline_stack}"):
        stage.create_pipeline(**parameters)
    announced = False

    def announce() -> None:
        # Long before ECS has watched the alarms for as long as they evaluate, and the stack is complete.
        nonlocal announced
        if not announced and stage.answers():
            announced = True
            progress.note(f"{progress.seconds()}: the application answers under {stage.site}")

    asked = False

    def ask() -> None:
        nonlocal asked
        if not asked and (question := stage.approval()):
            asked = True
            progress.note(f"The pipeline waits for your approval. In another terminal:\n{_answer(stage, question)}")

    for action in stage.actions():
        with progress.part(f"Pipeline, {action}"):
            stage.passed(action, {"Deploy": announce, "Approve": ask}.get(action, lambda: None))
    stage.finished(1)
    return stage


def _answer(stage: Stage, question: Mapping[str, str]) -> str:
    """The command that approves."""
    variables = {
        "AWS_ENDPOINT_URL": stage.aws.settings.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    environment = " ".join(f"{name}={value}" for name, value in variables.items())
    return (
        f"  {environment} \\\n    aws codepipeline put-approval-result --pipeline-name {question['pipelineName']} "
        f"--stage-name {question['stageName']} --action-name {question['actionName']} \\\n"
        f"    --token {question['token']} --result status=Approved,summary=ok"
    )


def find(root: Path) -> Stage | None:
    """The stage that is up for the project; None where there is none."""
    if not state_of(root).exists():
        return None
    with in_words():
        aws = LocalAws.of(docker_engine.find(), state_of(root))
    return _stage(aws) if aws is not None and aws.answers() else None


def down(root: Path, progress: Progress) -> bool:
    """Deletes the stacks as their user would, and removes what is left. Whether there was anything."""
    state = state_of(root)
    if not state.exists():
        return False
    with in_words(), waits_reported(progress.note):
        aws = LocalAws.of(docker_engine.find(), state)
        if aws is None:
            # `up` was killed in its first moment: there is a folder, and nothing else.
            shutil.rmtree(state, ignore_errors=True)
            return True
        try:
            if aws.answers():
                stage = _stage(aws, progress)
                for stack in stage.stacks:
                    with progress.part(f"Delete {stack}"):
                        stage.delete(stack)
        finally:
            with progress.part("Remove containers, volumes and files"):
                aws.stop()
    return True


_BUILT = tuple(f"{TEMPLATES}/{name}" for name in ("Pipeline.yml", "Infrastructure.yml"))


def checked(root: Path, templates: Sequence[str] = _BUILT) -> Settings:
    """The project's settings. Raises LocalError for what the local AWS would stumble over.

    `templates` are those that must be in the folder.
    """
    settings = Settings.load(root / SETTINGS_FILE)
    needed = {
        **dict.fromkeys(templates, "Run `phoenix-cfn build`."),
        f"{settings.source_dir}/Dockerfile": "Add it: the pipeline builds the image from it.",
        f"{settings.source_dir}/buildspec.yml": "Run `phoenix-cfn init`, which writes one.",
    }
    missing = [f"found no {file} in {root}. {remedy}" for file, remedy in needed.items() if not (root / file).is_file()]
    if missing:
        raise LocalError("\n".join(missing))
    # Raises where it cannot be made.
    surroundings(settings, "dev", {}, {})
    return settings


def _make_room(engine: docker_engine.DockerEngine, state: Path) -> None:
    """Removes what an earlier local AWS left that does not run any more. Raises LocalError where one does."""
    aws = LocalAws.of(engine, state)
    if aws is not None and aws.answers():
        raise LocalError(f"this project is up already ({_stage(aws).site}). Run `phoenix-cfn down` first.")
    if aws is not None:
        aws.stop()
    shutil.rmtree(state, ignore_errors=True)


def _stage(aws: LocalAws, progress: Progress | None = None) -> Stage:
    prefix = (aws.settings.state / _PREFIX).read_text()
    name = next((aws.settings.state / "clones" / _OWNER).iterdir()).name
    return Stage(aws, Fork(aws, _OWNER, name), prefix, *([progress.detail] if progress else []))
