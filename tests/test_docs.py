"""What the documents say: links, an index, drawings that follow the templates, examples that work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import pytest
import yaml

from phoenix_cfn import Settings, gate, infrastructure, pipeline
from phoenix_cfn.cloudformation.documents import read_template
from phoenix_cfn.picture import DrawingError, drawn
from phoenix_cfn.project import Project
from phoenix_cfn.render import render
from phoenix_cfn.settings import DatabaseSettings, LoadBalancerSettings, NetworkSettings, ServiceSettings
from tests.costs.page import total
from tests.stack import Stack, ref

YOUR_OWN_SERVICE = Path(__file__).resolve().parents[1] / "docs/your-own-service.md"
# Settings that phoenix.toml alone explains.
OLDER = {
    *("health_check_path", "workers", "cpu", "memory", "cpu_architecture"),
    *("instance_class", "instances", "vpc_cidr", "availability_zones"),
}


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_ci_runs_the_two_commands_of_the_readme(root: Path) -> None:
    script = (root / ".ci/run").read_text(encoding="utf-8")
    install, test = blocks(root / "README.md", "sh")[:2]
    assert "build.py" in install
    assert "pytest" in test
    assert script.index(install) < script.index(test)


# Of the README. Words of prose are those with a letter or a digit, in sentences, headings, lists and tables; not blocks
# of code and drawings, comments, the addresses of links and the marks of Markdown.
LINES, WORDS = 120, 900


def prose(text: str) -> list[str]:
    """The words of a document that a person reads."""
    text = re.sub(r"^ *```.*?^ *```$|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return [word for word in re.split(r"[\s|]+", text) if re.search(r"\w", word)]


def test_the_words_of_prose_are_counted() -> None:
    text = "# A b\n\n<!-- c d -->\n```sh\ne\n```\n\n| [f g](h/i.md) | `j k` |\n|---|---|\n\n- **l**: m-n, 1 & 2.\n"
    assert prose(text) == ["A", "b", "[f", "g]", "`j", "k`", "**l**:", "m-n,", "1", "2."]


def test_the_readme_is_short(root: Path, default_templates: Path) -> None:
    """With the drawing of the default settings."""
    templates = [read_template(default_templates / name) for name in ("Pipeline.yml", "Infrastructure.yml")]
    text = drawn((root / "README.md").read_text(encoding="utf-8"), *templates)
    assert len(text.splitlines()) <= LINES
    assert len(prose(text)) <= WORDS


@pytest.mark.settings
@pytest.mark.parametrize(
    ("document", "drawings"),
    [
        ("README.md", ["architecture"]),
        ("docs/parameters.md", ["pipeline_parameters", "infrastructure_parameters"]),
        ("docs/regions.md", ["regions"]),
    ],
)
def test_the_drawings_are_those_of_the_templates(document: str, drawings: list[str], root: Path) -> None:
    text, project = (root / document).read_text(encoding="utf-8"), Project.load(root)
    assert text == drawn(text, project.pipeline.template.to_dict(), project.infrastructure.template.to_dict())
    assert re.findall(r"<!-- drawn: (\w+) -->", text) == drawings


def test_a_marker_of_an_unknown_drawing_is_a_clear_error() -> None:
    with pytest.raises(
        DrawingError, match=r"^<!-- drawn: cat -->: found no such drawing; expected one of architecture"
    ):
        drawn("<!-- drawn: cat -->\n<!-- /drawn -->", {}, {})


def test_every_link_within_the_project_leads_somewhere(root: Path) -> None:
    for path in documents(root):
        for target, anchor in links(path.read_text(encoding="utf-8")):
            led = path.parent / target if target else path
            assert led.exists(), (path.name, target)
            assert not anchor or anchor in anchors(led.read_text(encoding="utf-8")), (path.name, target, anchor)


def test_every_page_that_a_file_of_the_package_names_exists(root: Path) -> None:
    """Errors, comments and settings name pages by their path, some with an anchor."""
    texts = [*(root / "phoenix_cfn").rglob("*.py"), *(root / "phoenix_cfn/cli/skeleton").iterdir(), root / "setup.cfg"]
    named = {
        (name, anchor)
        for path in texts
        for name, anchor in re.findall(r"(?<![\w/.-])(docs/[\w-]+\.md)(?:#([\w-]+))?", path.read_text(encoding="utf-8"))
    }
    assert ("docs/regions.md", "") in named
    for name, anchor in named:
        assert not anchor or anchor in anchors((root / name).read_text(encoding="utf-8")), (name, anchor)
        assert (root / name).exists(), name


def test_what_the_first_deployment_names_is_in_the_templates(root: Path) -> None:
    page = (root / "docs/on-aws.md").read_text(encoding="utf-8")
    stages = [
        infrastructure.template(Settings.of({"deployment": {"strategy": strategy}}))
        for strategy in ("rolling", "canary")
    ]
    outputs = set(re.findall(r"\$\(output (\w+)\)", page))
    assert outputs
    assert outputs <= stages[0].outputs.keys()
    resources = {*pipeline.template(Settings()).resources, *stages[0].resources, *stages[1].resources}
    named = set(re.findall(r"--logical-resource-id (\w+)|\$STACK-(\w+Alarm)|`(\w+Alarm)`", page))
    assert named
    assert {name for names in named for name in names if name} <= resources


def test_links_and_anchors_are_found() -> None:
    assert links("[a](b.md), [c](d/e.md#f-1) and [g](#h), not [i](https://j.k/l.md)") == [
        ("b.md", ""),
        ("d/e.md", "f-1"),
        ("", "h"),
    ]
    assert anchors('# `A` b, (c)!\n\n### <a id="e1"></a>E1 x\n\n```sh\n# no heading\n```\n') == {"a-b-c", "e1", "e1-x"}


def documents(root: Path) -> list[Path]:
    return [path for pattern in ("*.md", "docs/*.md", "app/*.md", "examples/*/*.md") for path in root.glob(pattern)]


def links(text: str) -> list[tuple[str, str]]:
    """The files and anchors that a document links within the project."""
    return re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", text)


def anchors(text: str) -> set[str]:
    """Those that GitHub gives to the headings of a document, and its own."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", re.sub(r"<[^>]*>", "", prose), re.MULTILINE)
    found = {re.sub(r"[^\w -]", "", each.lower()).strip().replace(" ", "-") for each in headings}
    return found | set(re.findall(r'<a id="([^"]+)">', prose))


def test_the_index_of_the_pages_lists_each_of_them_once(root: Path) -> None:
    listed = re.findall(
        r"^\| \[[^]]+\]\(([\w-]+\.md)\) \| [A-Z].+ \|$", (root / "docs/README.md").read_text("utf-8"), re.M
    )
    assert sorted(listed) == sorted(path.name for path in (root / "docs").glob("*.md") if path.name != "README.md")


def test_the_supported_python_versions_are_those_that_ci_runs(root: Path) -> None:
    configuration = (root / "setup.cfg").read_text(encoding="utf-8")
    classified = re.findall(r"Python :: (3\.\d+)$", configuration, re.MULTILINE)
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrices = [job["strategy"]["matrix"]["python"] for job in workflow["jobs"].values() if "strategy" in job]
    assert matrices == [classified]
    assert f"python_requires = >={classified[0]}\n" in configuration
    for document in ("README.md", "docs/README.md"):
        assert f"{classified[0]} to {classified[-1]}" in (root / document).read_text(encoding="utf-8")


def test_the_example_of_an_extension_passes_the_gate(root: Path, cfnlintrc: Path, tmp_path: Path) -> None:
    document = root / "docs/extending.md"
    (settings,) = blocks(document, "toml")
    extension, _ = blocks(document, "python")
    (tmp_path / "phoenix.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "extension.py").write_text(extension, encoding="utf-8")
    shutil.copy(cfnlintrc, tmp_path / ".cfnlintrc")
    shutil.copytree(root / "app", tmp_path / "app", ignore=shutil.ignore_patterns("node_modules"))
    project = Project.load(tmp_path)
    templates = {"Infrastructure.yml": project.infrastructure.template, "Pipeline.yml": project.pipeline.template}
    files = {f"templates/{name}": render(template).encode() for name, template in templates.items()}
    assert [each.text for each in gate.findings(tmp_path, files)] == []

    stack = Stack(project.infrastructure.template)
    assert stack.properties("OrdersWaitAlarm")["AlarmActions"] == [ref("AlarmTopic")]
    assert {"Key": "Stage", "Value": ref("StagePrefix")} in stack.properties("OrderQueue")["Tags"]


@pytest.mark.parametrize("example", blocks(YOUR_OWN_SERVICE, "toml"))
def test_an_example_of_settings_is_accepted(example: str) -> None:
    assert Settings.of(tomllib.loads(example)) != Settings()


def test_every_group_of_settings_of_ones_own_is_described() -> None:
    described = YOUR_OWN_SERVICE.read_text(encoding="utf-8")
    for group in (ServiceSettings, DatabaseSettings, NetworkSettings, LoadBalancerSettings):
        for name in set(group.__struct_fields__) - OLDER:
            assert name in described, name


def test_the_example_of_a_script_works(root: Path) -> None:
    _, script = blocks(root / "docs/extending.md", "python")
    names: dict[str, object] = {}
    exec(script, names)
    assert list(names["texts"]) == ["Infrastructure.yml", "Pipeline.yml"]  # type: ignore[call-overload]


def test_the_examples_are_typed(root: Path, tmp_path: Path) -> None:
    for number, example in enumerate(blocks(root / "docs/extending.md", "python")):
        (tmp_path / f"example_{number}.py").write_text(example, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy-troposphere.*,awacs.*]\nfollow_untyped_imports = True\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": str(root)},
    )
    assert checked.returncode == 0, checked.stdout


def test_the_page_of_the_gate_compares_the_rules_with_other_tools_as_the_corpus_does(root: Path) -> None:
    """It names no count that each new rule would change."""
    page = (root / "docs/gate.md").read_text(encoding="utf-8")
    corpus = (root / "docs/fault-corpus.md").read_text(encoding="utf-8")
    seen = dict(re.findall(r"^\| (all three together|the project's rules) \| (\d+) \|$", corpus, re.MULTILINE))
    (faults,) = re.findall(r"reports, of (\d+)", corpus)
    assert "They report every fault of" in page
    assert seen["the project's rules"] == faults
    assert "together report about one in six." in page
    assert round(int(faults) / int(seen["all three together"])) == 6


def test_the_readme_names_the_cost_of_a_stage_in_tens_of_dollars(root: Path) -> None:
    (cost,) = re.findall(r"costs about (\d+) US dollars a month", (root / "README.md").read_text(encoding="utf-8"))
    assert int(cost) == round(total({}), -1)
