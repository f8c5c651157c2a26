"""Settings: every default works, every mistake is one clear message."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.errors import SettingsError
from tests.stack import Stack


def load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "phoenix.toml").write_text(text, encoding="utf-8")
    return Settings.load(tmp_path / "phoenix.toml")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(tmp_path / "phoenix.toml") == Settings()


def test_the_shipped_file_explains_every_setting_and_states_its_default(root: Path) -> None:
    explained = dict(re.findall(r"^# (\w+) = (.+)$", (root / "phoenix.toml").read_text(encoding="utf-8"), re.MULTILINE))
    assert explained == {field.name: json.dumps(field.default) for field in fields(Settings)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('colour = "red"', r"setting 'colour': found 'red'; expected one of availability_zones, .*Correct or remove"),
        ('container_port = "8080"', r"'container_port': found '8080'; expected a whole number, as in the default 8080"),
        ("workers = true", r"'workers': found True; expected a whole number"),
        ("container_port = 0", r"'container_port': found 0; expected a number from 1024 to 65535"),
        ("container_port = 70000", r"found 70000; expected a number from 1024 to 65535"),
        ('name = "Prod_1"', r"'name': found 'Prod_1'; expected lower-case words"),
        ('name = "a-service-with-a-name-that-is-much-too-long-for-a-database"', r"Shorten it by \d+: the database may"),
        ('health_check_path = "health"', r"expected a path that begins with /"),
        ("cpu = 300", r"'cpu': found 300; expected one of Fargate's sizes"),
        ("cpu = 256\nmemory = 8192", r"'memory': found 8192; expected one of \(512, 1024, 2048\) \(MiB\)"),
        ('cpu_architecture = "RISCV"', r"expected one of X86_64, ARM64"),
        ("min_tasks = 5", r"'min_tasks': found 5; expected a number from 1 to 4"),
        ("max_tasks = 11", r"'max_tasks': found 11; expected a number from 1 to 10"),
        ("retention_days = 6", r"'retention_days': found 6; expected one of"),
        ('database_instance_class = "t4g.medium"', r"an instance class of DocumentDB"),
        ('vpc_cidr = "10.0.0.0/28"', r"an IPv4 network from /16 to /22"),
        ('vpc_cidr = "10.0.0.1/16"', r"an IPv4 network from /16 to /22"),
        ("name = ", r"phoenix.toml, settings: found .*; expected TOML"),
    ],
)
def test_a_mistake_says_what_was_found_and_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "phoenix.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="a readable UTF-8 file"):
        Settings.load(tmp_path / "phoenix.toml")


def test_another_service_needs_settings_only(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        name = "billing"
        container_port = 9000
        health_check_path = "/ready"
        workers = 1
        cpu = 1024
        memory = 2048
        cpu_architecture = "ARM64"
        min_tasks = 3
        max_tasks = 6
        requests_per_second_per_task = 50
        cpu_peak_percent = 95
        retention_days = 14
        database_instances = 3
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
