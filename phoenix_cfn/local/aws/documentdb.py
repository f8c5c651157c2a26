"""DocumentDB: one real server behind each cluster's endpoint, with TLS, logs, metrics and a last snapshot.

The endpoint keeps AWS's form of name; containers of tasks get an entry for it in their hosts file. Certificates come
from the local authority, which tasks trust by NODE_EXTRA_CA_CERTS: on AWS it is Amazon's, and applications bring that.
"""

from __future__ import annotations

import io
import re
import socket
import tarfile
import time
from typing import Any

from phoenix_cfn.cloudformation.facts import documentdb
from phoenix_cfn.local.aws import certificates, ec2, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import settings
from phoenix_cfn.local.images import DOCUMENTDB

_GUIDE = "https://docs.aws.amazon.com/documentdb/latest/developerguide"
# From the documentation blocks of RFC 5737: packets to it lead nowhere, as those that a security group drops.
_NOWHERE = "192.0.2.1"
_TRUSTED = "/etc/local-aws/ca.pem"


@correction(
    "A cluster's endpoint, which Fn::GetAtt returns, leads to a server that speaks TLS and asks for the password",
    f"{_GUIDE}/security.encryption.ssl.html",
)
def clusters_answer() -> None:
    handler = ministack.handlers["AWS::DocDB::DBCluster"]
    create = handler["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        check_password(properties["MasterUserPassword"])
        identifier, attributes = create(logical_id, properties, stack)
        cluster = ministack.documentdb._clusters[identifier]
        cluster["EnabledCloudwatchLogsExports"] = list(properties.get("EnableCloudwatchLogsExports", []))
        try:
            _start(cluster)
        except Exception as error:
            # MiniStack forgets a resource whose creation raised: it must not stay behind.
            handler["delete"](identifier, properties)
            raise ValueError(f"the local DocumentDB did not start: {error}") from error
        _open_logs(cluster)
        return identifier, attributes

    ministack.handlers["AWS::DocDB::DBCluster"] = {**handler, "create": created}
    # The server runs already when the first instance comes.
    ministack.documentdb._ensure_cluster_compute = lambda cluster: None
    # Another local AWS on this engine may have a cluster of the same name.
    ministack.documentdb._cluster_docker_name = lambda cluster_id: f"documentdb-{settings().port}-{cluster_id}"


@correction(
    "A master user with a name that the engine reserves, and a port out of range, are refused",
    f"{_GUIDE}/API_CreateDBCluster.html",
)
def users_and_ports_are_checked() -> None:
    handler = ministack.handlers["AWS::DocDB::DBCluster"]
    create = handler["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        user, port = properties["MasterUsername"], int(properties.get("Port", 27017))
        if user.lower() in documentdb.RESERVED_USERS:
            raise ValueError(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,62}", user):
            raise ValueError("The parameter MasterUsername is not a valid identifier")
        if not documentdb.FIRST_PORT <= port <= 65535:
            raise ValueError(f"Invalid endpoint port {port}. Valid port range is {documentdb.FIRST_PORT} to 65535")
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::DocDB::DBCluster"] = {**handler, "create": created}


@correction(
    "An instance class is refused that the cluster's engine version does not run on",
    "https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-engine-version-supportability.html",
)
def instance_classes_follow_the_version() -> None:
    handler = ministack.handlers["AWS::DocDB::DBInstance"]
    create = handler["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        cluster = ministack.documentdb._clusters[properties["DBClusterIdentifier"]]
        kind, version = properties["DBInstanceClass"], cluster["EngineVersion"]
        if documentdb.is_offered(kind, version) is False:
            raise ValueError(
                "RDS does not support creating a DB instance with the following combination: "
                f"DBInstanceClass={kind}, Engine=docdb, EngineVersion={version}"
            )
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::DocDB::DBInstance"] = {**handler, "create": created}


def check_password(password: str) -> None:
    """https://docs.aws.amazon.com/documentdb/latest/APIReference/API_CreateDBCluster.html"""
    if not 8 <= len(password) <= 100 or not re.fullmatch(r"[ -~]+", password) or set('/"@') & set(password):
        raise ValueError(
            "The parameter MasterUserPassword is not a valid password. "
            "8 to 100 printable ASCII characters besides '/', '@' and '\"' may be used."
        )


def _start(cluster: dict[str, Any]) -> None:
    client = ministack.documentdb._get_docker()
    name, port = cluster["Endpoint"], int(cluster["Port"])
    container = client.containers.create(
        DOCUMENTDB,
        name=ministack.documentdb._cluster_docker_name(cluster["DBClusterIdentifier"]),
        environment={
            "ENDPOINT": name,
            "PORT": str(port),
            "USERNAME": cluster["MasterUsername"],
            "PASSWORD": cluster["_MasterUserPassword"],
        },
        labels=ministack.reaper.own_labels("documentdb"),
        mem_limit="512m",
    )
    if _parameter(cluster, "tls", "enabled") != "disabled":
        _put(container, "/tls/server.pem", certificates.server_pem(settings().state, [name, cluster["ReaderEndpoint"]]))
        _put(container, "/tls/ca.pem", certificates.authority(settings().state).read_bytes())
    container.start()
    container.reload()
    address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    cluster.update(
        _shared_container_id=container.id,
        _shared_container_ready=True,
        _shared_internal_address=address,
        _shared_internal_port=port,
        _shared_endpoint={"Address": name, "Port": port, "HostedZoneId": cluster["HostedZoneId"]},
    )
    _wait_for(address, port, container)


def _put(container: Any, path: str, content: bytes) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size, entry.mode = len(content), 0o600
        tar.addfile(entry, io.BytesIO(content))
    container.put_archive("/", archive.getvalue())


def _wait_for(address: str, port: int, container: Any) -> None:
    end = time.time() + 300
    while time.time() < end:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            container.reload()
            if container.status == "exited":
                break
            time.sleep(0.1)
    raise RuntimeError(container.logs(tail=20).decode(errors="replace"))


def _parameter(cluster: dict[str, Any], name: str, default: str) -> str:
    group = ministack.rds._db_cluster_param_groups.get(cluster["DBClusterParameterGroup"]) or {}
    value = group.get("Parameters", {}).get(name, default)
    return str(value.get("ParameterValue", default) if isinstance(value, dict) else value)


def addresses(security_groups: list[str]) -> dict[str, str]:
    """The endpoint of every cluster and where it leads, for somebody with these security groups."""
    found = {}
    for cluster in ministack.documentdb._clusters.values():
        groups = [each["VpcSecurityGroupId"] for each in cluster["VpcSecurityGroups"]]
        reachable = ec2.connects(security_groups, groups, int(cluster["Port"]))
        found[cluster["Endpoint"]] = cluster["_shared_internal_address"] if reachable else _NOWHERE
    return found


def trust() -> dict[str, Any]:
    """Options of `docker run` that let a Node.js container trust the local authority."""
    certificate = str(certificates.authority(settings().state))
    return {
        "environment": {"NODE_EXTRA_CA_CERTS": _TRUSTED},
        "volumes": {certificate: {"bind": _TRUSTED, "mode": "ro"}},
    }


@correction(
    "Audit and profiler logs go to log groups, which DocumentDB makes where there are none",
    f"{_GUIDE}/event-auditing.html",
)
def logs_are_exported() -> None:
    create = ministack.handlers["AWS::DocDB::DBInstance"]["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        answer = create(logical_id, properties, stack)
        cluster = ministack.documentdb._clusters.get(properties["DBClusterIdentifier"])
        if cluster:
            _open_logs(cluster)
        return answer

    ministack.handlers["AWS::DocDB::DBInstance"]["create"] = created


def _open_logs(cluster: dict[str, Any]) -> None:
    for kind, parameter in (("audit", "audit_logs"), ("profiler", "profiler")):
        exported = kind in cluster["EnabledCloudwatchLogsExports"]
        if exported and _parameter(cluster, parameter, "disabled") not in ("disabled", "none"):
            group = f"/aws/docdb/{cluster['DBClusterIdentifier']}/{kind}"
            if group not in ministack.logs._log_groups:
                ministack.logs._create_log_group({"logGroupName": group})


@correction(
    "DeletionPolicy Snapshot leaves a snapshot of the cluster (here: the record of it, without its data)",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
def deletion_leaves_a_snapshot() -> None:
    def snapshot(identifier: str, properties: dict[str, Any]) -> None:
        cluster = ministack.documentdb._clusters.get(identifier)
        if cluster is None:
            return
        if cluster["Status"] != "available":
            # Later it would be, and a person can delete it.
            cluster["Status"] = "available"
            raise ValueError(f"DB Cluster {identifier} is not currently in the available state.")
        ministack.rds._create_cluster_snapshot_internal(f"{identifier}-final-{int(time.time())}", cluster)

    ministack.handlers["AWS::DocDB::DBCluster"]["snapshot"] = snapshot


@correction(
    "A cluster is being created until something that needs it begins, or everything else is there",
    "https://docs.aws.amazon.com/documentdb/latest/developerguide/monitoring_docdb-cluster_status.html",
)
def clusters_take_their_time() -> None:
    handler = ministack.handlers["AWS::DocDB::DBCluster"]
    create_cluster = handler["create"]
    provision, resolve_outputs = ministack.stacks._provision_resource, ministack.stacks._resolve_stack_outputs

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        identifier, attributes = create_cluster(logical_id, properties, stack)
        ministack.documentdb._clusters[identifier]["Status"] = "creating"
        return identifier, attributes

    def create(resource_type: str, logical_id: str, properties: Any, stack: str) -> Any:
        record = ministack.cloudformation._stacks[stack]
        resource = record["_template"]["Resources"].get(logical_id, {})
        own = set(record.get("_resources", {}))
        _finish(record, ministack.cfn_engine._extract_deps(resource, own) if resource else own)
        return provision(resource_type, logical_id, properties, stack)

    def outputs(definitions: Any, conditions: Any, resources: Any, parameters: Any, mappings: Any, *rest: Any) -> Any:
        _finish({"_resources": resources}, set(resources))
        return resolve_outputs(definitions, conditions, resources, parameters, mappings, *rest)

    handler["create"] = created
    ministack.stacks._provision_resource = create
    ministack.stacks._resolve_stack_outputs = outputs


def _finish(stack: dict[str, Any], logical_ids: set[str]) -> None:
    """Those of the resources that are clusters become available."""
    for logical_id in logical_ids:
        resource = stack["_resources"][logical_id]
        if resource["ResourceType"] == "AWS::DocDB::DBCluster":
            cluster = ministack.documentdb._clusters[resource["PhysicalResourceId"]]
            if cluster["Status"] == "creating":
                cluster["Status"] = "available"
