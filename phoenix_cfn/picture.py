"""Pictures and tables in Markdown that are drawn from the templates: the build puts them between their markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from phoenix_cfn.cloudformation.facts.regions import Regions
from phoenix_cfn.common.regions import resource_types
from phoenix_cfn.errors import PhoenixError

DRAWN = "<!-- drawn: "
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


def region_table(release: dict[str, Any], stage: dict[str, Any]) -> str:
    """Every region that is known, and what each template lacks there."""
    known = Regions.recorded()
    instances = [each for each in stage["Resources"].values() if each["Type"] == "AWS::DocDB::DBInstance"]
    instance_class = instances[0]["Properties"]["DBInstanceClass"]
    wanted = {"Pipeline.yml": resource_types(release, stage), "Infrastructure.yml": resource_types(stage)}
    rows = [f"| region | {' | '.join(wanted)} |", "|---|---|---|"]
    for region in sorted({*known.names, *known.authorities}):
        cells = ["; ".join(known.missing(region, types, instance_class)) or "available" for types in wanted.values()]
        rows.append(f"| {region} | {' | '.join(cells)} |")
    return "\n".join(rows)


class DrawingError(PhoenixError):
    """A marker for a drawing that does not exist."""


def drawn(text: str, release: dict[str, Any], stage: dict[str, Any]) -> str:
    """A Markdown text with everything between its markers drawn anew. Raises DrawingError.

    `release` and `stage`: Pipeline.yml and Infrastructure.yml as plain data.
    """
    drawings: dict[str, Callable[[], str]] = {
        "architecture": lambda: architecture(release, stage),
        "pipeline_parameters": lambda: parameter_table(release),
        "infrastructure_parameters": lambda: parameter_table(stage),
        "regions": lambda: region_table(release, stage),
    }

    def draw(match: re.Match[str]) -> str:
        if match[2] not in drawings:
            raise DrawingError(
                f"<!-- drawn: {match[2]} -->: found no such drawing; expected one of {', '.join(drawings)}. "
                "Correct or remove the marker."
            )
        return f"{match[1]}{drawings[match[2]]()}\n{match[3]}"

    return _MARKED.sub(draw, text)
