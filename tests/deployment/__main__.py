"""The command: brings the whole stage up on this machine, and takes it away again.

python -m tests.deployment up      builds what is missing, deploys both stacks, prints the URL to open
python -m tests.deployment status  the dashboard's numbers as text
python -m tests.deployment down    removes stacks, containers and folders
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from . import docker_engine, images
from .docker_engine import DockerEngine, NoDocker
from .fork import Fork
from .server import REPOSITORY_ROOT, LocalAws
from .stage import DeploymentFailed, Stage

# What one second of AWS's clocks lasts.
TIME_SCALE = 0.1
# Beside the temporary folders of others, as `down` must find it.
FOLDER = Path(tempfile.gettempdir()) / "phoenix-local-aws"


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 the deployment failed, 2 it cannot be done here."""
    parser = argparse.ArgumentParser(prog="python -m tests.deployment", description=__doc__)
    parser.add_argument("command", choices=["up", "status", "down"])
    parser.add_argument("--stage", default="dev", help="StagePrefix of the stage that comes up (dev)")
    options = parser.parse_args(arguments)
    try:
        engine = docker_engine.find()
    except NoDocker as error:
        print(error, file=sys.stderr)
        return 2
    commands: dict[str, Callable[[DockerEngine, str], int]] = {"up": up, "status": status, "down": down}
    return commands[options.command](engine, options.stage)


def up(engine: DockerEngine, prefix: str) -> int:
    """From nothing to a URL that answers."""
    if FOLDER.exists():
        print(f"A local AWS is up already (its folder is {FOLDER}). Take it down first.", file=sys.stderr)
        return 2
    images.ensure(engine.client, REPOSITORY_ROOT / "app" / "Dockerfile")
    start = time.time()
    try:
        aws = LocalAws.start(engine, FOLDER, TIME_SCALE, tied=False)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    stage = Stage(aws, Fork.create(aws, own_settings=True), prefix, report=print)
    try:
        stage.up()
    except DeploymentFailed as error:
        print(f"{error}\nThe log of the local AWS: {FOLDER}/gateway.log", file=sys.stderr)
        return 1
    balancer = aws.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerName"]
    print(f"\nUp after {time.time() - start:.0f} s.")
    print(f"  {stage.url}   (from the Outputs; a name of AWS, which leads nowhere outside it)")
    print(f"  http://{balancer}.alb.localhost:{aws.settings.port}/   (the same load balancer: open this)")
    print(f"  AWS_ENDPOINT_URL={aws.settings.endpoint} aws ...   (any of AWS's own commands, key and secret: test)")
    print(f"  git clone: {stage.fork.clone}   (change, commit, push to origin; then run the hook as GitHub would)\n")
    numbers(stage)
    return 0


def status(engine: DockerEngine, prefix: str) -> int:
    """Prints the numbers once more."""
    aws = LocalAws.of(engine, FOLDER)
    if aws is None or not aws.answers():
        print("Nothing is up.")
        return 2
    numbers(Stage(aws, Fork(aws), prefix))
    return 0


def down(engine: DockerEngine, prefix: str) -> int:
    """Deletes the stacks as their user would, and then whatever is left."""
    aws = LocalAws.of(engine, FOLDER)
    if aws is None:
        # Where `up` was killed in its first moment there is a folder, and nothing else.
        shutil.rmtree(FOLDER, ignore_errors=True)
        print("Nothing is up.")
        return 0
    code = 0
    try:
        if aws.answers():
            Stage(aws, Fork(aws), prefix, report=print).down()
            print("Both stacks are deleted.")
        else:
            print("The local AWS does not answer any more; what it left is removed.")
    except DeploymentFailed as error:
        print(error, file=sys.stderr)
        code = 1
    finally:
        aws.stop()
    return code


def numbers(stage: Stage) -> None:
    """The dashboard's metric widgets as text: each metric's last value."""
    aws = stage.aws
    name = stage.resources()["Dashboard"]
    body = json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    print(f"Dashboard {name}:")
    for widget in body["widgets"]:
        properties = widget["properties"]
        for metric in properties.get("metrics", []):
            line = _metric(aws, metric, properties)
            if line:
                print(f"  {properties.get('title', ''):32} {line}")
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    for alarm in alarms:
        print(f"  alarm {alarm['AlarmName'].split('-')[-2]:26} {alarm['StateValue']}")


def _metric(aws: LocalAws, metric: list[Any], properties: dict[str, Any]) -> str:
    """One metric of a widget: its name and its last value; empty for an expression."""
    if not isinstance(metric[0], str):
        return ""
    namespace, name, *rest = [each for each in metric if isinstance(each, str)]
    options = next((each for each in metric if isinstance(each, dict)), {})
    statistic = options.get("stat", properties.get("stat", "Average"))
    now = datetime.now(timezone.utc)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in zip(rest[::2], rest[1::2], strict=True)],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=[statistic if statistic in ("Sum", "Minimum", "Maximum", "Average") else "Average"],
    )["Datapoints"]
    last: dict[str, Any] = max(points, key=lambda each: each["Timestamp"], default={})
    value = next((f"{value:.2f}" for key, value in last.items() if isinstance(value, float)), "no data")
    return f"{options.get('label', name):36} {value}"


if __name__ == "__main__":
    sys.exit(main())
