"""The commands in the documents are ones that their programs accept, and the check of that can fail."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import Refused, blocks, check, functions, shown
from tests.shell import ShellError, commands

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "app/README.md", "examples/*/README.md", "phoenix_cfn/cli/skeleton/README.md")
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_is_accepted_by_its_program(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for command in shown(text):
        check(command, functions(text))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_is_a_script_that_bash_reads(document: str) -> None:
    for block in blocks((ROOT / document).read_text(encoding="utf-8")):
        read = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert read.returncode == 0, read.stderr


def test_there_are_commands_of_every_kind() -> None:
    texts = [(ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS]
    programs = {command.words[0].rpartition("/")[2] for text in texts for command in shown(text)}
    assert {"aws", "cfn-lint", "docker", "phoenix-cfn", "pip", "pytest", "python"} <= programs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aws s3api list-buckets # all", ["aws s3api list-buckets"]),
        ("a 'b c' \"d $E\" \\\n  f", ["a b c d $E f"]),
        ("STAGE=dev a 2>/dev/null <in && b | c; d &", ["a", "b", "c", "d"]),
        ("x=$(a $(b 'c)') | d)", ["a $(b 'c)')", "d", "b c)"]),
        ('until [ "$(a)" = b ]; do sleep 1; done', ["[ $(a) = b ]", "sleep 1", "a"]),
        ("x=$(($(a) + 1)); b", ["b", "a"]),
        ("f() {\n a ${x}-{1} \n}", ["f", "a ${x}-{1}"]),
    ],
)
def test_commands_are_found_in_shell_text(text: str, found: list[str]) -> None:
    assert [str(each) for each in commands(text)] == found


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a $(b"])
def test_text_that_no_shell_reads_is_an_error(text: str) -> None:
    with pytest.raises(ShellError):
        list(commands(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Say `aws s3api list-buckets` now", ["aws s3api list-buckets"]),
        ("The type `aws:cloudformation:stack-name`, the table `cfn-lint (bare)`, the tool `docker`", []),
        ("1. Do\n\n   ```sh\n   pytest -q\n   ```\n", ["pytest -q"]),
        ("```toml\npytest = 1\n```\n", []),
        ("```\ncurl -s x\n```\n", ["curl -s x"]),
        ("In it:\n\n    phoenix-cfn lint a.yml # all\n    key: value\n", ["phoenix-cfn lint a.yml"]),
    ],
)
def test_commands_are_found_in_documents(text: str, found: list[str]) -> None:
    assert [str(each) for each in shown(text)] == found


ACCEPTED = [
    "aws ecs wait services-stable --cluster a --services b c --region eu-west-1",
    "aws docdb modify-db-cluster --db-cluster-identifier a --apply-immediately",
    "aws docdb modify-db-cluster --db-cluster-identifier a --no-deletion-protection",
    "aws cloudformation describe-stacks --query \"Stacks[?StackStatus=='X'].[StackName, Outputs[0].OutputValue]\"",
    "aws cloudformation describe-stacks --query 'length(Stacks[].Outputs[].OutputKey)'",
    "aws ecr get-login-password",
    "aws cloudformation deploy --template-file a --stack-name b --parameter-overrides C=d E=f",
    "phoenix-cfn up --stage qa --set A=b",
    "python -m phoenix_cfn.iam a.yml --json --set A=b",
    ".venv/bin/python build.py --check",
    "python benchmarks/strangers.py FOLDER --draw 3",
    ".venv/bin/pip install -q -e '.[test]'",
    "pytest -q -n 2 tests/test_docs.py::test",
    "cfn-lint a.yml -a phoenix_cfn.rules -c kata",
    "bash .ci/run",
    "mongodump --uri=$SOURCE --archive=a --gzip",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_a_program_accepts_is_accepted(text: str) -> None:
    (command,) = commands(text)
    check(command)


REFUSED = [
    ("frobnicate now", "program 'frobnicate'"),
    ("aws nothing list-buckets", "no service 'nothing'"),
    ("aws ecs list-nothing", "no operation 'list-nothing'"),
    ("aws ecs wait nothing-stable --services b", "no waiter 'nothing-stable'"),
    ("aws ecs list-tasks --clusters a", "option --clusters"),
    ("aws ecs list-tasks a", "argument 'a'"),
    ("aws ecs describe-services --cluster a", "no --services"),
    ("aws ecs list-tasks --cluster", "found 0 values"),
    ("aws ecs list-tasks --cluster a b", "found 2 values"),
    ("aws ecs list-tasks --region", "--region: found 0 values"),
    ("aws ecs list-tasks --desired-status UP-AND-RUNNING-not", "expected one of RUNNING"),
    ("aws ecs list-tasks --max-results many", "expected a number"),
    ("aws docdb modify-db-cluster --db-cluster-identifier a --apply-immediately yes", "expected none"),
    ("aws cloudformation create-stack --stack-name a --parameters Key=b", "found the key 'Key'"),
    ("aws cloudformation create-stack --stack-name a --parameters b", "expected Key=value"),
    ("aws cloudformation create-stack --stack-name a --capabilities ALL-of-them", "expected one of CAPABILITY_IAM"),
    ("aws cloudformation describe-stacks --query 'Stacks[0].Name'", "no 'Name' in Stack"),
    ("aws cloudformation describe-stacks --query 'Stacks[].Outputs[].Key'", "no 'Key' in Output"),
    ("aws cloudformation describe-stacks --query \"Stacks[?Status=='X']\"", "no 'Status' in Stack"),
    ("aws cloudformation describe-stacks --query 'Stacks['", "--query"),
    (
        """aws logs put-metric-filter --log-group-name a --filter-name b --filter-pattern c \
        --metric-transformations '[{"Name": "d"}]'""",
        "found the key 'Name'",
    ),
    ("aws ecr get-login-password --user a", "option --user"),
    ("aws cloudformation deploy --template-body a", "option --template-body"),
    ("phoenix-cfn deploy", "invalid choice"),
    ("phoenix-cfn up --stages qa", "unrecognized arguments"),
    ("phoenix-cfn up --set A", "expected NAME=VALUE"),
    ("python -m phoenix_cfn.iam a.yml --jsn", "unrecognized arguments"),
    ("python -m phoenix_cfn.nothing", "no module"),
    ("python build.py --chek", "unrecognized arguments"),
    ("python benchmarks/nothing.py", "no file"),
    ("python benchmarks/strangers.py FOLDER --drew 3", "option --drew"),
    ("pip install --editabel .", "option --editabel"),
    ("pip install '.[tests]'", "extra 'tests'"),
    ("pytest --quit", "option --quit"),
    ("pytest tests/test_nothing.py", "no file"),
    ("cfn-lint a.yml --append-rule", ""),
    ("bash .ci/walk", "no file"),
    ("mongodump --url=$SOURCE", "option --url"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_a_program_refuses_is_refused(text: str, reason: str) -> None:
    (command,) = commands(text)
    with pytest.raises(Refused) as error:
        check(command)
    assert reason in str(error.value)


@pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command, not an engine")
@pytest.mark.parametrize("text", ["docker build --tagg a .", "docker image remove-all", "docker forget a"])
def test_what_docker_refuses_is_refused(text: str) -> None:
    (command,) = commands(text)
    with pytest.raises(Refused):
        check(command)
