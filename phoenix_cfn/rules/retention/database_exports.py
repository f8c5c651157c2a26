from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseExports(Rule):
    """A log that a cluster exports is enabled in its parameter group, and an enabled log is exported.

    Risk: The export stays empty, or the log is not readable.

    Fix: Set audit_logs (profiler) to enabled in the parameter group, and list audit (profiler) in
    EnableCloudwatchLogsExports.
    """

    id = "E9406"
    shortdesc = "A database log is both enabled and exported"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/event-auditing.html"
    tags = ["R3", "retention"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            exports = cluster["EnableCloudwatchLogsExports"]
            named = cluster["DBClusterParameterGroupName"]
            group = stack.resource(named, "AWS::DocDB::DBClusterParameterGroup")
            listed = {node.literal: node for node in exports.items}
            if (named.given and group is None) or (exports.given and not exports.listed) or None in listed:
                continue
            for kind, parameter in (("audit", "audit_logs"), ("profiler", "profiler")):
                switch = group.at("Parameters", parameter) if group is not None else None
                if switch is not None and switch.unknown:
                    continue
                on = switch is not None and (switch.literal or "disabled").lower() not in (
                    "disabled",
                    "none",
                    "off",
                    "0",
                )
                if kind in listed and not on:
                    yield finding(listed[kind], f"The parameter group of {cluster.id} does not enable {parameter}")
                elif on and switch is not None and kind not in listed:
                    yield finding(switch, f"{cluster.id} does not export its {kind} log")
