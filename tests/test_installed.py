"""Installed from a wheel, in a folder of its own and another home: every command works without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

# A template by an author who does not know the kata: an alarm without an action (E9501), and a log group that the kata
# keeps for seven days (E9401).
THEIRS = """
Resources:
  Logs: {Type: AWS::Logs::LogGroup}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: orders}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanThreshold
      Threshold: 1
"""


@pytest.fixture(scope="module")
def distributions(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (root / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((root / name).read_bytes())
    # The sdist from the sources, the wheel from the sdist.
    # By its own name: `python -m build` would find this project's build.py.
    build = Path(sys.executable).with_name("pyproject-build")
    subprocess.run([build, "--outdir", folder, source], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def site(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed by itself; its requirements are this interpreter's."""
    target = tmp_path_factory.mktemp("site")
    (wheel,) = distributions.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def project(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which the commands have begun and built a project."""
    folder = tmp_path_factory.mktemp("empty")
    for arguments in (["init", "--name", "orders"], ["build"]):
        done = phoenix(site, folder, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done.stdout)
    return folder


def run(site: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PYTHONPATH": str(site)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def phoenix(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(site, folder, str(site / "bin/phoenix-cfn"), *arguments)


def test_the_wheel_has_every_file_of_the_package(root: Path, distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "phoenix_cfn"], cwd=root, capture_output=True, text=True, check=True)
    assert [name for name in listed.stdout.split() if (root / name).exists() and name not in packed] == []
    assert not any(name.startswith(("tests/", "build/")) for name in packed)


def test_the_sdist_has_what_the_tests_need(root: Path, distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    # A fork may have folders and files of its own beside these.
    ours = (".ci", ".github", "app", "benchmarks", "docs", "phoenix_cfn", "templates", "tests")
    files = ("*.md", "*.toml", "*.json", "*.py", "*.cfg", ".cfnlintrc", ".gitignore", ".pre-commit-config.yaml")
    listing = ["git", "ls-files", "--", *ours, *(f":(glob){file}" for file in files)]
    listed = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout.split()
    assert {"build.py", "setup.cfg", "tests/test_installed.py"} <= set(listed)
    assert [name for name in listed if (root / name).exists() and name not in packed] == []


def test_it_is_the_installed_package_that_runs(site: Path, tmp_path: Path) -> None:
    shown = run(site, tmp_path, "-c", "import phoenix_cfn; print(phoenix_cfn.__file__)").stdout
    assert shown.strip() == str(site / "phoenix_cfn/__init__.py")


def test_a_project_begins_builds_and_passes_both_gates(site: Path, project: Path) -> None:
    done = phoenix(site, project, "build", "--check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert sorted(path.name for path in (project / "templates").iterdir()) == ["Infrastructure.yml", "Pipeline.yml"]
    bare = run(site, project, str(Path(sys.executable).with_name("cfn-lint")))
    assert (bare.returncode, bare.stdout, bare.stderr) == (0, "", "")


def test_a_bare_cfn_lint_says_the_same_as_the_gate(site: Path, project: Path) -> None:
    path = project / "templates/Infrastructure.yml"
    before = path.read_text()
    try:
        path.write_text(before.replace("RetentionInDays: 7", "RetentionInDays: 14"))
        bare = run(site, project, str(Path(sys.executable).with_name("cfn-lint")))
        assert bare.returncode != 0
        assert "E9401" in bare.stdout
    finally:
        path.write_text(before)


@pytest.mark.parametrize("rules", ["phoenix_cfn.rules", "{site}/phoenix_cfn/rules"])
def test_cfn_lint_takes_the_rules_as_a_module_and_as_a_folder(site: Path, tmp_path: Path, rules: str) -> None:
    (tmp_path / "their.yml").write_text(THEIRS)
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    asked = run(site, tmp_path, cfn_lint, "their.yml", "-a", rules.format(site=site), "-c", "kata")
    assert "E9401" in asked.stdout, asked.stderr
    assert "E9501" in asked.stdout


def test_any_template_is_linted_and_its_policy_derived(site: Path, tmp_path: Path) -> None:
    (tmp_path / "their.yml").write_text(THEIRS)
    plain = phoenix(site, tmp_path, "lint", "their.yml").stdout
    assert "E9501" in plain
    assert "E9401" not in plain
    assert "E9401" in phoenix(site, tmp_path, "lint", "--kata", "their.yml").stdout
    policy = phoenix(site, tmp_path, "iam", "their.yml", "--json")
    assert policy.returncode == 0
    assert "logs:CreateLogGroup" in policy.stdout


def test_nothing_is_written_into_the_installed_package(site: Path, project: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(project, tmp_path / "copy"))
    recorded = {path: path.read_bytes() for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    (project / "own.py").write_text(
        "from troposphere.sqs import Queue\n"
        "def extend_infrastructure(stage):\n"
        "    stage.scope.add(Queue('Orders', SqsManagedSseEnabled=True, MessageRetentionPeriod=345600,\n"
        "                          DeletionPolicy='Delete', UpdateReplacePolicy='Delete'))\n"
    )
    (project / "phoenix.toml").write_text('name = "orders"\nextension = "own.py"\n')
    done = phoenix(site, project, "build")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "sqs:CreateQueue" in (project / "templates/Pipeline.yml").read_text()
    assert {path: path.read_bytes() for path in recorded} == recorded
