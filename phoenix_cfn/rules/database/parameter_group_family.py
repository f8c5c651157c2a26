from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._facts import documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ParameterGroupFamily(Rule):
    """The parameter group of a DocumentDB cluster has the family of its engine version: docdb5.0 for 5.0.1.

    Risk: Creating the stack fails: the parameter group cannot be used with the version.

    Fix: Change Family together with EngineVersion.
    """

    id = "E9233"
    shortdesc = "The parameter group has the family of the engine version"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            version, named = cluster["EngineVersion"].literal, cluster["DBClusterParameterGroupName"]
            if version is None or documentdb.line(version) not in documentdb.INSTANCE_FAMILIES:
                continue
            group = stack.resource(named, "AWS::DocDB::DBClusterParameterGroup")
            # AWS's own groups are named after their family.
            family = (named.literal or "").removeprefix("default.") if group is None else group["Family"].literal
            wanted = documentdb.parameter_group_family(version)
            if family is not None and family.startswith("docdb") and family != wanted:
                where = named if group is None else group["Family"]
                yield finding(where, f"The family is {family}; {cluster.id} runs {version} and needs {wanted}")
