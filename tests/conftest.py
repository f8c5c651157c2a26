"""The templates of the default settings, built once for all tests."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.local import docker_engine, images
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.errors import NoDocker
from phoenix_cfn.render import render
from tests.deployment import recorded
from tests.locks import one_at_a_time
from tests.stack import Stack

# A machine that is busy is no failure. In CI the examples are the same in every run; elsewhere each run tries others.
hypothesis.settings.register_profile("phoenix", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("phoenix")

# For the whole suite: all but one of them wait for what they deploy, most of the time.
PROCESSES = 5


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Runs the whole suite in several processes, unless -n says otherwise; what the command line names, in this one."""
    if hasattr(config, "workerinput"):
        return  # It is one of these processes.
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if whole and config.option.numprocesses is None and not config.option.usepdb and not config.option.collectonly:
        config.option.numprocesses = PROCESSES


# What pytest-xdist gives to one process, by how the names of the files begin, since they share what they deploy. Each
# other file is given by itself.
TOGETHER: tuple[tuple[str, ...], ...] = (
    tuple(f"tests/deployment/test_story_{number}_" for number in (1, 2, 4, 7)),
    tuple(f"tests/deployment/test_story_{number}_" for number in (3, 5, 6)),
    ("tests/local/aws/test_ec",),
    ("tests/local/",),
)
# What begins first: what takes longest, and beside it what computes while the images are built.
ORDER = (
    "tests/deployment/test_strategies",
    *TOGETHER[0],
    "tests/app/test_faults",
    "tests/app/test_bodies",
    *TOGETHER[1],
    "tests/deployment/test_broken",
    *TOGETHER[2],
    # One long test: its process is given the next file at once, here a short one.
    "tests/deployment/test_rehearsal",
    "tests/deployment/test_recorded",
    *TOGETHER[3],
    "tests/deployment/test_settings_deployed",
    "tests/deployment/test_story_orders",
    "tests/deployment/",
    "tests/app/",
)
# What stands at the end, where the last process begins: what computes longest.
AT_THE_END = ("tests/test_forks", "tests/rules/test_corpus", "tests/test_combinations")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process whole files, whose fixtures are made once, or all files that belong together.

    The last process takes files from the end: it computes while the others wait.
    """

    def _split_scope(self, nodeid: str) -> str:
        together = next((names[0] for names in TOGETHER if nodeid.startswith(names)), None)
        return together or nodeid.partition("::")[0]

    def _assign_work_unit(self, node: Any) -> None:
        if len(self.nodes) > 1 and node is self.nodes[-1]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def _place(nodeid: str) -> int:
    """In the order of what begins first."""
    if nodeid.startswith(AT_THE_END):
        return len(ORDER) + 1
    return next((number for number, name in enumerate(ORDER) if nodeid.startswith(name)), len(ORDER))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """The scheduler of `pytest -n`."""
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what needs a Docker engine, and begins with what takes longest where several processes run the tests."""
    for item in items:
        if "docker" in getattr(item, "fixturenames", ()):
            item.add_marker("deployment")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))


def pytest_collection_finish() -> None:
    """Leaves what is collected, which stays, out of every later garbage collection."""
    gc.freeze()


def pytest_testnodedown(node: Any) -> None:
    """Takes what a process of pytest-xdist has recorded."""
    for part in getattr(node, "workeroutput", {}).get("recorded", []):
        recorded.keep(node.config, recorded.Part(**part))


def pytest_sessionfinish(session: pytest.Session) -> None:
    recorded.write(session)


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def cfnlintrc(root: Path) -> Path:
    """The .cfnlintrc that a project begins with; the one in the root has the numbers of this fork's phoenix.toml."""
    return root / "phoenix_cfn/cli/skeleton/cfnlintrc"


@pytest.fixture(scope="session")
def default_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both templates for the default settings; those in the root follow this fork's phoenix.toml."""
    folder = tmp_path_factory.mktemp("default") / "templates"
    folder.mkdir()
    (folder / "Pipeline.yml").write_text(render(pipeline.template(Settings())), encoding="utf-8")
    (folder / "Infrastructure.yml").write_text(render(infrastructure.template(Settings())), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def docker() -> DockerEngine:
    """The Docker engine of this machine. Where there is none, skips; with PHOENIX_REQUIRE_DOCKER, fails."""
    try:
        return docker_engine.find()
    except NoDocker as error:
        if "PHOENIX_REQUIRE_DOCKER" in os.environ:
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def engine(docker: DockerEngine, root: Path) -> DockerEngine:
    """The Docker engine, with all images that a deployment needs."""
    with one_at_a_time(root / ".cache/images.lock"):
        images.ensure(docker.client, root / "app" / "Dockerfile")
    return docker


@pytest.fixture(scope="session")
def infrastructure_stack() -> Stack:
    return Stack(infrastructure.template(Settings()))


@pytest.fixture(scope="session")
def pipeline_stack() -> Stack:
    return Stack(pipeline.template(Settings()))
