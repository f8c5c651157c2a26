"""Bad situations: each ends with an exit code and a message that leads on; no traceback, and every file as it was."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.cli import main
from phoenix_cfn.cloudformation import schemas

Change = Callable[[Path], object]


@dataclass(frozen=True)
class Situation:
    """What is wrong in a project, the command, its exit code, and a pattern of what it prints to standard error."""

    title: str
    change: Change
    command: tuple[str, ...]
    message: str
    code: int = 2


def nothing(_: Path) -> None:
    """The command itself is wrong."""


def file(name: str, content: str | bytes) -> Change:
    return lambda root: (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def added(name: str, content: str) -> Change:
    return lambda root: (root / name).write_text((root / name).read_text() + content)


def gone(name: str) -> Change:
    def change(root: Path) -> None:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    return change


def folder(name: str) -> Change:
    def change(root: Path) -> None:
        gone(name)(root)
        (root / name).mkdir()

    return change


def link(name: str, target: str) -> Change:
    def change(root: Path) -> None:
        gone(name)(root)
        (root / name).symlink_to(target)

    return change


def extension(content: str) -> Change:
    return lambda root: (file("phoenix.toml", 'extension = "own.py"')(root), file("own.py", content)(root))


def of(command: str, *table: tuple[str, Change, str]) -> list[Situation]:
    return [Situation(title, change, tuple(command.split()), message) for title, change, message in table]


TOPIC = "Resources: {A: {Type: 'AWS::SNS::Topic'}}"

SETTINGS = of(
    "build",
    ("phoenix.toml is no TOML", file("phoenix.toml", "name = "), r"phoenix.toml, settings: found .*; expected TOML"),
    ("phoenix.toml is not UTF-8", file("phoenix.toml", b"\xff\xfe"), r"expected a readable UTF-8 file"),
    ("phoenix.toml is a folder", folder("phoenix.toml"), r"phoenix.toml, settings: found .*Is a directory"),
    (
        "phoenix.toml is a broken link",
        link("phoenix.toml", "gone.toml"),
        r"phoenix.toml, settings: found a broken symbolic link",
    ),
    ("phoenix.toml is a link to itself", link("phoenix.toml", "phoenix.toml"), r"phoenix.toml, settings: found .*link"),
    ("a key of version 1", file("phoenix.toml", "retention_days = 7"), r"retention\.days"),
    ("a group that does not exist", file("phoenix.toml", "[sevice]\ncpu = 512"), r"'sevice'.*expected .*service"),
    ("a value in a group's place", file("phoenix.toml", "service = 3"), r"setting 'service': found 3; expected a"),
    ("a key in the wrong group", file("phoenix.toml", "[scaling]\ncpu = 512"), r"'scaling\.cpu'"),
    ("a value of another type", file("phoenix.toml", "[service]\ncpu = '512'"), r"'service\.cpu': found '512'"),
    (
        "values that contradict",
        file("phoenix.toml", "[service]\ncpu = 256\nmemory = 4096"),
        r"found 4096; expected one",
    ),
    ("a key twice", file("phoenix.toml", "name = 'a'\nname = 'b'"), r"found Cannot overwrite a value"),
)

CONFIGURATION = of(
    "build",
    (".cfnlintrc is missing", gone(".cfnlintrc"), r"\.cfnlintrc: found no such file; .*run `phoenix-cfn init`"),
    (".cfnlintrc is a broken link", link(".cfnlintrc", "gone"), r"\.cfnlintrc: found no such file"),
    (".cfnlintrc is a folder", folder(".cfnlintrc"), r"cannot read .*\.cfnlintrc: Is a directory"),
    (".cfnlintrc is empty", file(".cfnlintrc", ""), r"\.cfnlintrc: found .*; expected a mapping such as `templates"),
    (".cfnlintrc is not UTF-8", file(".cfnlintrc", b"\xff"), r"\.cfnlintrc: found .*; expected UTF-8"),
    (".cfnlintrc is no YAML", added(".cfnlintrc", "a: [b"), r"\.cfnlintrc: found while parsing .*; expected YAML"),
    (".cfnlintrc is a list", file(".cfnlintrc", "- a"), r"\.cfnlintrc: found \['a'\]; expected a mapping"),
    (
        "a key twice",
        added(".cfnlintrc", "include_checks: []\n"),
        r"\.cfnlintrc: found Duplicate found 'include_checks'",
    ),
    ("a key that does not exist", added(".cfnlintrc", "colour: red\n"), r"\.cfnlintrc: found .*colour"),
    (
        "a key of a wrong type",
        added(".cfnlintrc", "mandatory_checks: 3\n"),
        r"\.cfnlintrc: found Invalid type for 'mandatory_checks' .*Expected array",
    ),
    ("rules in a list", added(".cfnlintrc", "configure_rules: [E9401]\n"), r"found configure_rules: \['E9401'\]; exp"),
    ("a rule without names", added(".cfnlintrc", "configure_rules: {E9401: 7}\n"), r"found configure_rules: \{'E9401"),
    (
        "a rule's number that is none",
        added(".cfnlintrc", "configure_rules: {E9602: {requests_a_minute: 3}}\n"),
        r"\.cfnlintrc: found configure_rules: E9602: requests_a_minute; expected requests_a_second\.",
    ),
    (
        "schemas that do not exist",
        added(".cfnlintrc", "override_spec: gone.json\n"),
        r"\.cfnlintrc: found .*gone\.json",
    ),
    (
        "rules of a module that does not exist",
        lambda root: file(".cfnlintrc", "templates: [templates/*.yml]\nappend_rules: [no.such.rules]\n")(root),
        r"\.cfnlintrc: found .*No module named 'no'",
    ),
    (
        "files that cfn-lint checks in the templates' place",
        lambda root: (
            file("d.json", '{"template-file-path": "templates/Pipeline.yml", "parameters": {}}')(root),
            added(".cfnlintrc", "deployment_files: [d.json]\n")(root),
        ),
        r"\.cfnlintrc: found deployment_files; expected no such key",
    ),
    (
        "patterns beside the templates",
        file(".cfnlintrc", "templates: [elsewhere/*.yml]\n"),
        r"found patterns that exclude templates/\w+\.yml",
    ),
    (
        "patterns that leave the templates out",
        added(".cfnlintrc", "ignore_templates: [templates/P*]\n"),
        r"found patterns that exclude templates/Pipeline\.yml",
    ),
)

FILES = of(
    "build",
    ("templates/ is missing", gone("templates"), r"cannot write to .*templates: No such file or directory\. Create"),
    ("templates/ is a file", lambda root: (gone("templates")(root), file("templates", "x")(root)), r"Not a directory"),
    ("templates/ is a broken link", link("templates", "gone"), r"cannot write to .*: No such file or directory"),
    ("a folder is in a template's place", folder("templates/Pipeline.yml"), r"cannot read .*Pipeline\.yml: Is a dir"),
    ("a template links to itself", link("templates/Pipeline.yml", "Pipeline.yml"), r"cannot read .*Pipeline\.yml: Too"),
    ("a template links to a missing folder", link("templates/Pipeline.yml", "gone/x"), r"cannot write to .*gone: No s"),
    ("a folder is in the schema's place", folder("phoenix.schema.json"), r"cannot read .*schema\.json: Is a directory"),
    ("a folder is in the README's place", folder("README.md"), r"cannot read .*README\.md: Is a directory"),
    (
        "the README has a marker of no drawing",
        added("README.md", "<!-- drawn: cat -->\n<!-- /drawn -->\n"),
        r"<!-- drawn: cat -->: found no such drawing",
    ),
)

RECORD = of(
    "build",
    ("deployed.json is no JSON", file("deployed.json", "{"), r"deployed\.json: found an invalid record"),
    ("deployed.json is a list", file("deployed.json", "[]"), r"deployed\.json: found an invalid record"),
    (
        "deployed.json has other names",
        file("deployed.json", '{"resources": 3}'),
        r"deployed\.json: found an invalid record",
    ),
    ("deployed.json nests too deep", file("deployed.json", "[" * 100_000), r"deployed\.json: found an invalid record"),
    ("deployed.json is not UTF-8", file("deployed.json", b"\xff"), r"deployed\.json: found .*utf-8"),
    ("deployed.json is a folder", folder("deployed.json"), r"deployed\.json: found .*Is a directory"),
    ("deployed.json is a broken link", link("deployed.json", "gone"), r"deployed\.json: found a broken symbolic link"),
    ("deployed.json has a merge's marks", file("deployed.json", "<<<<<<< HEAD\n{}\n"), r"keep the lines of both sides"),
)

EXTENSION = of(
    "build",
    ("the extension is missing", file("phoenix.toml", "extension = 'own.py'"), r"found no file 'own\.py'; expected a"),
    ("the extension is no Python", extension("def :"), r"own\.py, line 1: found invalid syntax; expected Python"),
    ("the extension has zero bytes", extension("\0"), r"own\.py.*: found .*null bytes"),
    ("the extension has no function", extension("x = 1"), r"own\.py: found neither function"),
    ("the extension fails", extension("1/0"), r"own\.py, line 1: found ZeroDivisionError: division by zero"),
    ("the extension ends Python", extension("import sys\nsys.exit(3)"), r"own\.py, line 2: found SystemExit: 3"),
    ("the extension takes no stack", extension("def extend_pipeline(): pass"), r"own\.py.*found TypeError: .*takes 0"),
    (
        "the extension adds no resource",
        extension("def extend_pipeline(pipeline):\n    pipeline.scope.add('queue')"),
        r"own\.py, line 2: found \w+",
    ),
)

LINT = [
    *of("lint", ("no template", nothing, r"")),
    *of("lint gone.yml", ("no such template", nothing, r"gone\.yml: found no such file; expected a CloudFormation t")),
    *of("lint templates", ("a folder", nothing, r"templates: found a folder; expected a CloudFormation template")),
    *of("lint x.yml", ("a link to itself", link("x.yml", "x.yml"), r"x\.yml: found .*; expected a CloudFormation t")),
    *of("lint /proc/self/mem", ("a file that cannot be read", nothing, r"/proc/self/mem: found Input/output error")),
    *of(
        "lint x.yml", ("a fifo", lambda root: os.mkfifo(root / "x.yml"), r"x\.yml: found .*; expected a CloudFormatio")
    ),
    *of("lint templates/Pipeline.yml --ignore", ("an option without its value", nothing, r"expected one argument")),
]

IAM = [
    *of("iam", ("no template", nothing, r"the following arguments are required: template")),
    *of("iam gone.yml", ("no such template", nothing, r"cannot read gone\.yml: No such file")),
    *of("iam templates", ("a folder", nothing, r"cannot read templates: Is a directory")),
    *of("iam /proc/self/mem", ("a file that cannot be read", nothing, r"cannot read /proc/self/mem: Input/output")),
    *of(
        "iam x.yml",
        ("an empty file", file("x.yml", ""), r"x\.yml is not a CloudFormation template: it has no Resources"),
        ("a binary file", file("x.yml", b"\x7fELF\x02\x01\0\0\xff"), r"x\.yml is not a CloudFormation template: it is"),
        ("zero bytes", file("x.yml", b"\0\0"), r"x\.yml is not a CloudFormation template"),
        ("a text", file("x.yml", "once upon a time"), r"x\.yml is not a CloudFormation template: it has no Resources"),
        ("half of a JSON", file("x.yml", '{"Resources": '), r"x\.yml is not a CloudFormation template: Expecting valu"),
        ("deep nesting", file("x.yml", "[" * 100_000), r"x\.yml is not a CloudFormation template"),
        ("aliases of aliases", file("x.yml", "a: &a [x]\n"), r"x\.yml is not a CloudFormation template"),
        ("a type that is not known", file("x.yml", "Resources: {A: {Type: 'My::Own::Thing'}}"), r"My::Own::Thing"),
        ("a resource without a type", file("x.yml", "Resources: {A: {}}"), r"the resource A has no Type"),
        ("a list for parameters", file("x.yml", f"Parameters: [a]\n{TOPIC}"), r"its Parameters are not an object"),
        (
            "a parameter without a type",
            file("x.yml", f"Parameters: {{A: b}}\n{TOPIC}"),
            r"the parameter A is not an obj",
        ),
        (
            "properties of a wrong type",
            file("x.yml", TOPIC.replace("}}", ", Properties: 3}}")),
            r"the Properties of the resource A are not an object",
        ),
    ),
    *of(
        "iam x.yml",
        (
            "a function with arguments of a wrong shape",
            file("x.yml", "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: {Ref: [b]}}}}"),
            r"x\.yml: found a value that CloudFormation does not accept .*Run `phoenix-cfn lint x\.yml`",
        ),
    ),
    *of("iam templates/Pipeline.yml --set A", ("no value", nothing, r"expected NAME=VALUE, found 'A'")),
]

INIT = [
    *of("init --name Prod_1", ("a wrong name", gone("phoenix.toml"), r"setting 'name': found 'Prod_1'")),
    *of("init --name billing", ("another name", nothing, r"--name: found 'billing'; expected 'orders'")),
    *of("init --from phoenix_cfn", ("no commit", nothing, r"--from: found 'phoenix_cfn'; expected git\+https")),
    *of("init x", ("an argument too many", nothing, r"unrecognized arguments: x")),
    *of("init", ("a broken phoenix.toml", file("phoenix.toml", "name = "), r"expected TOML")),
    *of(
        "init",
        (
            "a file in a folder's place",
            lambda root: (gone(".github")(root), file(".github", "x")(root)),
            r"\.github.*(File exists|Not a directory)",
        ),
    ),
]

OTHER = [
    *of("", ("no command", nothing, r"the following arguments are required: COMMAND")),
    *of("biuld", ("a wrong command", nothing, r"invalid choice: 'biuld'")),
    *of("build --nonsense", ("a wrong option", nothing, r"unrecognized arguments: --nonsense")),
    *of(
        "build --output gone", ("no such output folder", nothing, r"cannot write to .*gone: No such file or directory")
    ),
    *of("build --output phoenix.toml", ("a file as output folder", nothing, r"phoenix\.toml.*: Not a directory")),
    *of("build --output", ("an option without its value", nothing, r"expected one argument")),
]

SITUATIONS = [*SETTINGS, *CONFIGURATION, *FILES, *RECORD, *EXTENSION, *LINT, *IAM, *INIT, *OTHER]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own, built once."""
    project = tmp_path_factory.mktemp("project")
    with working_in(project):
        assert main(["init", "--name", "orders"]) == 0
        assert main(["build"]) == 0
    return project


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "project"
    shutil.copytree(built, copy)
    with working_in(copy):
        yield copy


@contextmanager
def working_in(place: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(before)


def everything(project: Path) -> dict[str, object]:
    """Every file and link, but for what is remembered between two builds."""
    return {
        path.relative_to(project).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "other"
        for path in sorted(project.rglob("*"))
        if ".cache" not in path.parts
    }


@pytest.mark.parametrize(
    "situation", SITUATIONS, ids=[f"{' '.join(each.command)}: {each.title}" for each in SITUATIONS]
)
def test_a_bad_situation(situation: Situation, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    situation.change(project)
    before = everything(project)
    assert main(list(situation.command)) == situation.code
    printed = capsys.readouterr()
    assert re.search(situation.message, printed.err), printed.err
    assert "in phoenix_cfn itself" not in printed.err
    assert everything(project) == before


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", r"E1001 'Resources' is a required property"),
        (b"\x7fELF\x02\x01\0\0\xff", r"E0000 "),
        (b"once upon a time", r"E0000 Template needs to be an object"),
        (b"Resources: [", r"E0000 "),
        (b"Resources: {A: {}}\nResources: {}", r"E0000 Duplicate found"),
        (b"[" * 100_000, r""),
        (
            b"Resources: {A: {Type: 'AWS::SNS::Topic', Metadata: {Text: '%s'}}}" % (b"x" * 2_000_000),
            r"E1002 The template file size",
        ),
    ],
    ids=["empty", "binary", "text", "half", "twice", "deep", "huge"],
)
def test_what_is_no_template_has_a_finding(
    content: bytes, finding: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "x.yml").write_bytes(content)
    assert main(["lint", "x.yml"]) == 1
    printed = capsys.readouterr()
    assert re.search(f"^{finding}", printed.out), printed.out[:1000] + printed.err


def run(project: Path, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    # As in a shell: without a buffer, nothing waits to be written when Python ends.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    options = {"env": buffered, **options}
    return subprocess.run(
        command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **options
    )


def without_notes(words: str) -> str:
    return re.sub(r"phoenix-cfn iam: omitted, .*\n", "", words)


PHOENIX_CFN = str(Path(sys.executable).with_name("phoenix-cfn"))
COMMANDS = ["build", "build --check", "iam templates/Infrastructure.yml", "init", "costs", "--help", "build --help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_pipe_ends_without_a_word(command: str, project: Path) -> None:
    before = everything(project)
    done = run(project, "bash", "-c", f"set -o pipefail; {PHOENIX_CFN} {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, without_notes(done.stderr)) in [(141, ""), (0, "")]
    assert everything(project) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_behind_standard_output_is_a_message(command: str, project: Path) -> None:
    before = everything(project)
    done = run(project, "bash", "-c", f"exec {PHOENIX_CFN} {command} > /dev/full")
    assert done.returncode == 2
    words = without_notes(done.stderr)
    assert re.fullmatch(r"phoenix-cfn( \w+)?: error of the operating system: No space left on device\. .*\n", words)
    assert everything(project) == before


@pytest.mark.parametrize("command", ["build --output gone", "build --nonsense", "biuld", "iam gone.yml", ""])
@pytest.mark.parametrize("full", ["> /dev/full 2>&1", "2> /dev/full", "2>&-", ">&- 2>&-"])
def test_an_error_that_cannot_be_printed_leaves_the_exit_code(command: str, full: str, project: Path) -> None:
    done = run(project, "bash", "-c", f"exec {PHOENIX_CFN} {command} {full}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_a_full_disk_leaves_every_file_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first new file fits, the second does not."""
    file("phoenix.toml", "name = 'orders'\n[retention]\ndays = 14\n")(project)
    before, opened = everything(project), iter(range(100))

    def fdopen(handle: int, mode: str) -> Any:
        if next(opened):
            os.close(handle)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return open(handle, mode)

    monkeypatch.setattr("phoenix_cfn.files.os.fdopen", fdopen)
    monkeypatch.setattr("phoenix_cfn.verdict.is_known_clean", lambda *_: True)
    assert main(["build"]) == 2
    assert next(opened) > 1
    assert re.search(r"cannot write to .*: No space left on device\.", capsys.readouterr().err)
    assert everything(project) == before


def test_an_interrupt_is_a_message(project: Path) -> None:
    extension("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")(project)
    before = everything(project)
    with subprocess.Popen(
        [PHOENIX_CFN, "build"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, SIGINT is ignored by whatever they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        _, words = running.communicate(timeout=60)
    assert running.returncode == 130
    assert words == "phoenix-cfn build: interrupted; each file is either unchanged or complete\n"
    assert everything(project) == before


def test_a_python_without_the_requirements_is_a_message(root: Path) -> None:
    done = run(root, sys.executable, "-S", "build.py")
    assert done.returncode == 2
    assert re.fullmatch(r"build\.py: found no module '\w+' in .*; expected the requirements .*\n", done.stderr)


def test_an_environment_without_cfn_lint_is_a_message(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    schemas.cfn_lint_version.cache_clear()
    monkeypatch.setattr("phoenix_cfn.cloudformation.schemas.find_spec", lambda _: None)
    assert main(["build"]) == 2
    assert "found no module 'cfnlint' in " in capsys.readouterr().err


@pytest.mark.parametrize("surroundings", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_characters_that_the_terminal_does_not_have_are_escaped(surroundings: dict[str, str], project: Path) -> None:
    (project / "x.yml").write_text("Resources: {\u00dc: {Type: 'AWS::SNS::Topic'}}", encoding="utf-8")
    done = run(project, PHOENIX_CFN, "lint", "x.yml", env={**os.environ, "PYTHONCOERCECLOCALE": "0", **surroundings})
    assert (done.returncode, done.stderr) == (1, "")
    assert "'\\xdc' does not match" in done.stdout


def test_closed_outputs_leave_the_exit_code(project: Path) -> None:
    before = everything(project)
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        assert run(project, "bash", "-c", f"exec {PHOENIX_CFN} build {closed}").returncode == 0
        assert run(project, "bash", "-c", f"exec {PHOENIX_CFN} build --output gone {closed}").returncode == 2
    assert everything(project) == before


@pytest.mark.parametrize("command", ["build", "lint --explain E9401"])
def test_python_without_docstrings_is_a_message(command: str, project: Path) -> None:
    before = everything(project)
    done = run(project, PHOENIX_CFN, *command.split(), env={**os.environ, "PYTHONOPTIMIZE": "2"})
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"phoenix-cfn \w+: found Python without docstrings .*; expected .*\n", done.stderr)
    assert everything(project) == before


def test_settings_with_a_byte_order_mark_or_other_line_ends_are_the_same(project: Path) -> None:
    plain, before = (project / "phoenix.toml").read_bytes(), everything(project)
    for written in (b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n")):
        (project / "phoenix.toml").write_bytes(written)
        assert main(["build", "--check"]) == 0
    (project / "phoenix.toml").write_bytes(plain)
    assert everything(project) == before


def test_a_folder_that_is_gone_is_a_message(tmp_path: Path) -> None:
    done = run(tmp_path, "bash", "-c", f"mkdir gone; cd gone; rmdir ../gone; {PHOENIX_CFN} build")
    assert done.returncode == 2
    assert re.fullmatch(
        r"phoenix-cfn build: error of the operating system: No such file or directory\. .*\n", done.stderr
    )


def test_without_a_home_and_a_place_for_temporary_files(project: Path) -> None:
    (project / ".cache/gate").unlink()
    for missing in ({"HOME": "/nowhere"}, {"HOME": "/nowhere", "TMPDIR": "/nowhere"}):
        done = run(project, PHOENIX_CFN, "build", env={"PATH": os.environ["PATH"], **missing})
        assert (done.returncode, done.stderr) == (0, "")


def test_templates_that_are_links_stay_links(project: Path) -> None:
    (project / "elsewhere").mkdir()
    for name in ("Pipeline.yml", "Infrastructure.yml"):
        (project / "templates" / name).rename(project / "elsewhere" / name)
        link(f"templates/{name}", f"../elsewhere/{name}")(project)
    before = everything(project)
    (project / "elsewhere/Pipeline.yml").unlink()
    (project / "elsewhere/Infrastructure.yml").write_text("old")
    assert main(["build"]) == 0
    assert everything(project) == before


def test_a_fault_of_our_own_is_a_message(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("phoenix_cfn.cli.build.rendered", lambda *_: 1 / 0)
    assert main(["build"]) == 2
    assert re.search(
        r"an error in phoenix_cfn itself: ZeroDivisionError: .*test_bad_situations\.py, line \d+",
        capsys.readouterr().err,
    )
