"""Settings: every default works, every mistake is one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.errors import SettingsError
from phoenix_cfn.settings import ServiceSettings
from tests.stack import Stack


def load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "phoenix.toml").write_text(text, encoding="utf-8")
    return Settings.load(tmp_path / "phoenix.toml")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(tmp_path / "phoenix.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('colour = "red"', r"'colour': found 'red'; expected one of alarms, .*Correct or remove the key\.$"),
        ('[service]\ncolour = "red"', r"'service\.colour': found 'red'; expected one of .*container_port, "),
        ("[service]\ncontaner_port = 1", r"'service\.contaner_port': found 1; .*such as 'service\.container_port'"),
        ("[databas]\ninstances = 1", r"'databas': found \{'instances': 1\}; .*such as 'database'"),
        ("[service]\ninstances = 1", r"'service\.instances': .*write `instances = \.\.\.` under `\[database\]`"),
        ("[service]\nkind = 'none'", r"'service\.kind': found 'none'; expected one of allow, "),
        ("[service]\nname = 'x'", r"'service\.name': .*write `name = \.\.\.` above the first group"),
        ("container_port = 80", r"'container_port': .*write `container_port = \.\.\.` under `\[service\]`"),
        ("retention_days = 7", r"'retention_days': .*write `days = \.\.\.` under `\[retention\]`"),
        ("database_instances = 2", r"'database_instances': .*write `instances = \.\.\.` under `\[database\]`"),
        ("service = 3", r"'service': found 3; expected a group: a table `\[service\]` with keys"),
        ('[service]\ncontainer_port = "8080"', r"found '8080'; expected a whole number from 1024 to 65535"),
        ("[service]\nworkers = true", r"'service\.workers': found True; expected a whole number from 1 to 64"),
        ("[service]\ncontainer_port = 0", r"'service\.container_port': found 0; expected a whole number from 1024 to"),
        ('name = "Prod_1"', r"'name': found 'Prod_1'; expected lower-case words"),
        ('name = "a-service-with-a-name-that-is-much-too-long-for-a-database"', r"Shorten it by \d+: the database may"),
        ('[service]\nhealth_check_path = "health"', r"expected a path that begins with /"),
        ("[service]\ncpu = 300", r"'service\.cpu': found 300; expected one of 256, 512"),
        ("[service]\ncpu = 256\nmemory = 8192", r"'service\.memory': found 8192; expected one of \(512, 1024, 2048\)"),
        ('[service]\ncpu_architecture = "RISCV"', r"expected one of X86_64, ARM64"),
        ("[scaling]\nmin_tasks = 5", r"'scaling\.min_tasks': found 5; expected at most max_tasks = 4"),
        ("[scaling]\nmax_tasks = 11", r"'scaling\.max_tasks': found 11; expected at most tasks_limit = 10"),
        ("[retention]\ndays = 6", r"'retention\.days': found 6; expected one of 1, 3"),
        ('[database]\ninstance_class = "t4g.medium"', r"an instance class of DocumentDB"),
        ('[network]\nvpc_cidr = "10.0.0.0/28"', r"an IPv4 network from /16 to /22"),
        ('[network]\nvpc_cidr = "10.0.0.1/16"', r"an IPv4 network from /16 to /22"),
        ("name = ", r"phoenix.toml, settings: found .*; expected TOML"),
    ],
)
def test_a_mistake_says_what_was_found_and_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(tmp_path, text)
    assert "\n" not in str(error.value)


SHIFTING = ("blue-green", "canary", "linear", "codedeploy")


@pytest.mark.parametrize(
    ("strategies", "setting", "value"),
    [
        (("rolling", "blue-green"), "step_percent", 20),
        (("rolling", "blue-green"), "step_minutes", 1),
        (("rolling",), "bake_minutes", 0),
        (("rolling",), "smoke_test_path", "/health"),
    ],
)
def test_a_value_that_the_strategy_has_no_use_for_is_refused(
    strategies: tuple[str, ...], setting: str, value: object
) -> None:
    for strategy in ("rolling", *SHIFTING):
        choice = {"deployment": {"strategy": strategy, setting: value}}
        if strategy not in strategies:
            assert getattr(Settings.of(choice).deployment, setting) == value
            continue
        with pytest.raises(SettingsError) as error:
            Settings.of(choice)
        assert f"'deployment.{setting}': found {value!r}; expected no value with strategy = {strategy!r}" in str(
            error.value
        )
        assert "choose a strategy that uses it: " in str(error.value)


@pytest.mark.parametrize(
    ("chosen", "minutes"),
    [
        ({"strategy": "linear", "step_percent": 3, "step_minutes": 60}, 34 * 60 + 5),
        ({"strategy": "linear", "step_percent": 50, "step_minutes": 990, "bake_minutes": 1}, 1981),
        ({"strategy": "canary", "step_minutes": 1440, "bake_minutes": 541}, 1981),
    ],
)
def test_a_deployment_of_more_than_33_hours_is_refused(chosen: dict[str, object], minutes: int) -> None:
    """CloudFormation refuses it."""
    with pytest.raises(
        SettingsError, match=rf"'deployment\.step_minutes': .*at most 1980 minutes.*these take {minutes}"
    ):
        Settings.of({"deployment": chosen})


@pytest.mark.parametrize(
    "chosen",
    [
        {"strategy": "linear", "step_percent": 50, "step_minutes": 990, "bake_minutes": 0},
        {"strategy": "canary", "step_minutes": 1440, "bake_minutes": 540},
        {"strategy": "canary", "step_percent": 3, "step_minutes": 1},
        {"strategy": "codedeploy", "step_percent": 50, "step_minutes": 1440, "bake_minutes": 1440},
        {"strategy": "blue-green", "smoke_test_path": "/a?b=c&d=%20", "approval": True},
        {"strategy": "rolling", "approval": True},
        # Written, but not changed.
        {"strategy": "rolling", "step_percent": 10, "step_minutes": 5, "bake_minutes": 5, "smoke_test_path": ""},
    ],
)
def test_possible_deployments(chosen: dict[str, object]) -> None:
    settings = Settings.of({"deployment": chosen})
    assert infrastructure.template(settings)
    assert pipeline.template(settings)


def test_all_mistakes_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load(
            tmp_path,
            """
            colour = "red"
            [service]
            cpu = 300
            memory = 8192
            [scaling]
            min_tasks = 5
            [network]
            vpc_cidr = "10.0.0.0/28"
            """,
        )
    # Which memory goes with a wrong cpu is not known: that is no mistake of its own.
    assert [each.setting for each in error.value.mistakes] == [
        "colour",
        "service.cpu",
        "scaling.min_tasks",
        "network.vpc_cidr",
    ]


def test_a_value_given_in_python_is_checked_as_well() -> None:
    with pytest.raises(SettingsError, match=r"'service\.workers': found True"):
        Settings(service=ServiceSettings(workers=True))


def test_a_file_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "phoenix.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="a readable UTF-8 file"):
        Settings.load(tmp_path / "phoenix.toml")


def test_another_service_needs_settings_only(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        name = "billing"
        [service]
        container_port = 9000
        health_check_path = "/ready"
        workers = 1
        cpu = 1024
        memory = 2048
        cpu_architecture = "ARM64"
        [scaling]
        min_tasks = 3
        max_tasks = 6
        requests_per_second_per_task = 50
        [alarms]
        cpu_peak_percent = 95
        [retention]
        days = 14
        [database]
        instances = 3
        """,
    )
    stack, release = Stack(infrastructure.template(settings)), Stack(pipeline.template(settings))
    task = stack.properties("TaskDefinition")
    assert (task["Cpu"], task["Memory"]) == ("1024", "2048")
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert release.properties("BuildProject")["Environment"]["Type"] == "ARM_CONTAINER"
    assert task["ContainerDefinitions"][0]["Name"] == "billing"
    assert stack.properties("TargetGroup")["HealthCheckPath"] == "/ready"
    assert stack.properties("CpuPeakAlarm")["Threshold"] == 95
    assert stack.properties("DatabaseCluster")["BackupRetentionPeriod"] == 14
    assert len(stack.of_type("AWS::DocDB::DBInstance")) == 3
    for each in (stack, release):
        assert each.parameters["ContainerPort"]["Default"] == "9000"
        assert each.parameters["MinRunningTasks"]["Default"] == 3
        assert each.parameters["MaxRunningTasks"]["Default"] == 6
        assert each.parameters["RequestsPerSecondPerTask"]["Default"] == 50
        assert "phoenix" not in str(each.resources)
