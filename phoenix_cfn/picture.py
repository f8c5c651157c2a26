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
    zones = len(_properties(stage, "LoadBalancer")["Subnets"])
    alarms = _of_type(stage, "AWS::CloudWatch::Alarm")
    stages = [each["Name"] for each in _properties(release, "Pipeline")["Stages"]]
    host, trigger = _source(release)
    entrance = _entrance(stage)
    health_check = _properties(stage, "TargetGroup")["HealthCheckPath"]
    log_days = _properties(stage, "TaskLogGroup")["RetentionInDays"]
    drawing = f"""```mermaid
flowchart TB
  push(["git push to {host}"]) -- "{trigger}" --> Pipeline
  subgraph release["Pipeline.yml"]
    Pipeline["CodePipeline<br/>{" → ".join(stages)}"] --> BuildProject["CodeBuild<br/>tests and image"]
    Pipeline --> ArtifactBucket[("S3<br/>artifacts")]
    BuildProject --> Repository[("ECR<br/>images")]
    DatabaseCredentials[("Secrets Manager<br/>database credentials")]
  end
  Pipeline -- "CloudFormation, by DeployRole" --> stage
  users(["users"]) -- "{entrance}" --> LoadBalancer
  subgraph stage["Infrastructure.yml{", in a VPC that exists" if "VpcId" in stage["Parameters"] else ""}"]
    subgraph public["public subnets, {zones} zones"]
      LoadBalancer["Application Load Balancer"]
      NatGateway["NAT gateway{"s" if len(_of_type(stage, "AWS::EC2::NatGateway")) > 1 else ""}"]
    end
    subgraph private["private subnets, {zones} zones"]
      Service["Fargate service<br/>{_tasks(stage)}<br/>{_scaling(stage)}<br/>{_deployment(stage)}"]
      Endpoints["{_interfaces(stage)} interface endpoints"]
    end
    subgraph isolated["isolated subnets, {zones} zones"]
      DatabaseCluster[("{_database(stage) if "DatabaseCluster" in stage["Resources"] else ""}")]
    end
    LoadBalancer -- "{health_check}" --> Service
    Service -- "TLS" --> DatabaseCluster
    Service --> NatGateway
    Service --> Endpoints
    Service --> ExternalDatabase[("database elsewhere")]
    WebAcl["WAF<br/>rate limit"] -.-> LoadBalancer
    Logs["CloudWatch Logs<br/>{log_days} days"]
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
    return _without(drawing, _OPTIONAL - _drawn(release, stage))


# The boxes that the templates need not have.
_OPTIONAL = {"DatabaseCluster", "DatabaseCredentials", "Endpoints", "ExternalDatabase", "NatGateway", "WebAcl"}


def _drawn(release: dict[str, Any], stage: dict[str, Any]) -> set[str]:
    """The boxes of resources, and those that stand for several, or for what a parameter names."""
    others = {
        "NatGateway": bool(_of_type(stage, "AWS::EC2::NatGateway")),
        "Endpoints": _interfaces(stage) > 0,
        "ExternalDatabase": "DatabaseSecretArn" in stage["Parameters"],
    }
    return {*release["Resources"], *stage["Resources"], *(name for name, there in others.items() if there)}


def _interfaces(stage: dict[str, Any]) -> int:
    return sum(each.get("VpcEndpointType") == "Interface" for each in _of_type(stage, "AWS::EC2::VPCEndpoint"))


def _without(drawing: str, boxes: set[str]) -> str:
    """The drawing without these boxes, their arrows, and the frames that are empty then."""
    lines = [line for line in drawing.splitlines() if not boxes & set(re.findall(r"\w+", line))]
    kept = "\n".join(lines)
    return re.sub(r"\n *subgraph [^\n]*\n *end(?=\n)", "", kept)


def _entrance(stage: dict[str, Any]) -> str:
    """The protocol and port of the listener that leads to the tasks."""
    listeners = _of_type(stage, "AWS::ElasticLoadBalancingV2::Listener")
    listener = max(listeners, key=lambda each: str(each["Protocol"]))
    return f"{listener['Protocol']} {listener['Port']}"


def _tasks(stage: dict[str, Any]) -> str:
    """How many tasks there are, and their size."""
    task = _properties(stage, "TaskDefinition")
    return (
        f"{_default(stage, 'MinRunningTasks')} to {_default(stage, 'MaxRunningTasks')} tasks of<br/>"
        f"{int(task['Cpu']) / 1024:g} vCPU, {task['Memory']} MiB"
    )


def _scaling(stage: dict[str, Any]) -> str:
    """What adds tasks."""
    return (
        f"more above<br/>{_default(stage, 'RequestsPerSecondPerTask')} requests/s per task<br/>"
        f"or {_default(stage, 'AutoScalingTargetValue')} % CPU"
    )


def _deployment(stage: dict[str, Any]) -> str:
    """How a new version replaces the old one."""
    service = _properties(stage, "Service")
    if service.get("DeploymentController") == {"Type": "CODE_DEPLOY"}:
        shown = "by CodeDeploy"
    else:
        shown = service["DeploymentConfiguration"].get("Strategy", "ROLLING").lower().replace("_", "/")
    return f"deployment: {shown}{'<br/>smoke test' if 'SmokeTestFunction' in stage['Resources'] else ''}"


# By the provider of the source action: where the code is, and what starts a run.
_SOURCES = {
    "GitHub": ("GitHub", "webhook"),
    "CodeStarSourceConnection": ("GitHub", "connection"),
    "CodeCommit": ("CodeCommit", "event"),
}


def _source(release: dict[str, Any]) -> tuple[str, str]:
    """The host of the repository, and what starts a run there."""
    provider = _properties(release, "Pipeline")["Stages"][0]["Actions"][0]["ActionTypeId"]["Provider"]
    return _SOURCES.get(provider, (provider, "change"))  # an extension may have another source


def _database(stage: dict[str, Any]) -> str:
    """The engine, its instances and its backups."""
    cluster, instances = _properties(stage, "DatabaseCluster"), _of_type(stage, "AWS::DocDB::DBInstance")
    return (
        f"DocumentDB {cluster['EngineVersion']}<br/>{len(instances)} x {instances[0]['DBInstanceClass']}<br/>"
        f"backups of {cluster['BackupRetentionPeriod']} days"
    )


def _properties(template: dict[str, Any], logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def _of_type(template: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type."""
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == resource_type]


def _default(template: dict[str, Any], parameter: str) -> str:
    return str(template["Parameters"][parameter]["Default"])


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
    instances = _of_type(stage, "AWS::DocDB::DBInstance")
    instance_class = instances[0]["DBInstanceClass"] if instances else None
    wanted = {"Pipeline.yml": resource_types(release, stage), "Infrastructure.yml": resource_types(stage)}
    rows = [f"| region | {' | '.join(wanted)} |", "|---|---|---|"]
    for region in sorted({*known.names, *known.authorities}):
        cells = ["; ".join(known.missing(region, types, instance_class)) or "available" for types in wanted.values()]
        rows.append(f"| {region} | {' | '.join(cells)} |")
    return "\n".join(rows)


class DrawingError(PhoenixError):
    """A marker for a drawing that does not exist."""


def drawn(text: str, release: dict[str, Any], stage: dict[str, Any]) -> str:
    """A Markdown text with everything between its markers drawn again. Raises DrawingError.

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
