"""The README's picture and parameter tables and the table of regions, drawn from the templates.

`python -m phoenix_cfn.picture README.md docs/regions.md` puts them in place, between the markers; a test fails where
they have drifted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.facts.regions import Regions
from phoenix_cfn.regions import resource_types

_MARKED = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- /drawn -->)", re.DOTALL)


def architecture(release: dict[str, Any], stage: dict[str, Any]) -> str:
    """Both stacks as a Mermaid flowchart; every box is a resource of the templates, every number is read from it."""
    resources = {**release["Resources"], **stage["Resources"]}
    parameters = stage["Parameters"]

    def of(logical_id: str) -> dict[str, Any]:
        found: dict[str, Any] = resources[logical_id]["Properties"]
        return found

    def default(parameter: str) -> str:
        return str(parameters[parameter]["Default"])

    zones = len(of("LoadBalancer")["Subnets"])
    instances = [title for title, each in resources.items() if each["Type"] == "AWS::DocDB::DBInstance"]
    alarms = [title for title, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    stages = [each["Name"] for each in of("Pipeline")["Stages"]]
    task, cluster = of("TaskDefinition"), of("DatabaseCluster")
    tasks = (
        f"{default('MinRunningTasks')} to {default('MaxRunningTasks')} tasks of {int(task['Cpu']) / 1024:g} vCPU, "
        f"{task['Memory']} MiB"
    )
    database = (
        f"DocumentDB {cluster['EngineVersion']}<br/>{len(instances)} x {of(instances[0])['DBInstanceClass']}<br/>"
        f"backups of {cluster['BackupRetentionPeriod']} days"
    )
    scaling = (
        f"scales above {default('RequestsPerSecondPerTask')} requests/s each<br/>"
        f"or {default('AutoScalingTargetValue')} % CPU"
    )
    return f"""```mermaid
flowchart LR
  push(["git push"]) -- "webhook" --> Pipeline
  subgraph release["Pipeline.yml"]
    Pipeline["CodePipeline<br/>{" → ".join(stages)}"] --> BuildProject["CodeBuild"] --> Repository[("ECR")]
    Pipeline --> ArtifactBucket[("S3 artifacts")]
    DatabaseCredentials["Secrets Manager<br/>database credentials"]
  end
  Pipeline -- "CloudFormation, by DeployRole" --> stage
  users(["users"]) -- "HTTP {of("Listener")["Port"]}" --> LoadBalancer
  subgraph stage["Infrastructure.yml"]
    subgraph public["public subnets, {zones} zones"]
      LoadBalancer["Application Load Balancer"]
      NatGateway["NAT gateways"]
    end
    subgraph private["private subnets, {zones} zones"]
      Service["Fargate service<br/>{tasks}<br/>{scaling}"]
    end
    subgraph isolated["isolated subnets, {zones} zones"]
      DatabaseCluster[("{database}")]
    end
    LoadBalancer -- "{of("TargetGroup")["HealthCheckPath"]}" --> Service
    Service -- "TLS" --> DatabaseCluster
    Service --> NatGateway
    Logs["CloudWatch Logs<br/>{of("TaskLogGroup")["RetentionInDays"]} days"]
    Service --> Logs
    DatabaseCluster --> Logs
    Alarms["{len(alarms)} alarms, dashboard"] --> AlarmTopic["SNS"]
    Service -.-> Alarms
    DatabaseCluster -.-> Alarms
  end
  Repository -. "image" .-> Service
  DatabaseCredentials -. "reference" .-> DatabaseCluster
  AlarmTopic --> email(["email"])
```"""


def parameter_table(template: dict[str, Any]) -> str:
    """A template's parameters, in the order of the console's form."""
    rows = ["| parameter | default | what it is |", "|---|---|---|"]
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            default = parameter.get("Default")
            shown = "*required*" if default is None else "*empty*" if default == "" else f"`{default}`"
            rows.append(f"| `{name}` | {shown} | {parameter['Description']} |")
    return "\n".join(rows)


def region_table(settings: Settings, release: dict[str, Any], stage: dict[str, Any]) -> str:
    """Every region that is known, and what each template lacks there."""
    known, kind = Regions.recorded(), settings.database_instance_class
    wanted = {"Pipeline.yml": resource_types(release, stage), "Infrastructure.yml": resource_types(stage)}
    rows = [f"| region | {' | '.join(wanted)} |", "|---|---|---|"]
    for region in sorted({*known.names, *known.authorities}):
        cells = ["; ".join(known.missing(region, types, kind)) or "available" for types in wanted.values()]
        rows.append(f"| {region} | {' | '.join(cells)} |")
    return "\n".join(rows)


def drawn(text: str, settings: Settings) -> str:
    """The text with everything between its markers drawn anew."""
    release, stage = pipeline.template(settings).to_dict(), infrastructure.template(settings).to_dict()
    drawings: dict[str, Callable[[], str]] = {
        "architecture": lambda: architecture(release, stage),
        "pipeline_parameters": lambda: parameter_table(release),
        "infrastructure_parameters": lambda: parameter_table(stage),
        "regions": lambda: region_table(settings, release, stage),
    }
    return _MARKED.sub(lambda match: f"{match[1]}{drawings[match[2]]()}\n{match[3]}", text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(drawn(path.read_text(encoding="utf-8"), Settings.load(Path("phoenix.toml"))), encoding="utf-8")
