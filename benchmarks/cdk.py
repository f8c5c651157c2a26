"""The AWS CDK's own tools for comparing templates, run by Node.js from where npm has installed them.

`npm install --prefix FOLDER @aws-cdk/cloudformation-diff @aws-cdk/aws-service-spec` installs them. They are what this
project is compared with; nothing of them is used or kept in it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

INSTALL = "npm install --prefix FOLDER @aws-cdk/cloudformation-diff @aws-cdk/aws-service-spec"

_SPEC = """
const {loadAwsServiceSpecSync} = require(process.argv[1] + '/@aws-cdk/aws-service-spec');
const found = {};
for (const resource of loadAwsServiceSpecSync().all('resource')) {
  found[resource.cloudFormationType] = Object.fromEntries(
    Object.entries(resource.properties).map(([name, property]) => [name, property.causesReplacement ?? 'no']));
}
console.log(JSON.stringify(found));
"""
_DIFF = """
const {fullDiff} = require(process.argv[1] + '/@aws-cdk/cloudformation-diff');
const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const started = process.cpuUsage();
const found = pairs.map(([before, after]) => Object.fromEntries(
  Object.entries(fullDiff(before, after).resources.changes).map(([name, change]) => [name, change.changeImpact])));
const used = process.cpuUsage(started);
console.log(JSON.stringify({found, seconds: (used.user + used.system) / 1e6}));
"""


def versions(folder: Path) -> str:
    """The versions of what is installed, as a person reads them."""
    names = ("cloudformation-diff", "aws-service-spec")
    read = {
        name: json.loads((folder / "node_modules/@aws-cdk" / name / "package.json").read_text())["version"]
        for name in names
    }
    return ", ".join(f"@aws-cdk/{name} {version}" for name, version in read.items())


def service_spec(folder: Path) -> dict[str, dict[str, str]]:
    """By type and top-level property, whether a change causes replacement: yes, maybe or no."""
    found: dict[str, dict[str, str]] = _node(_SPEC, folder, "")
    return found


def differences(folder: Path, pairs: list[tuple[Any, Any]]) -> tuple[list[dict[str, str]], float]:
    """What cloudformation-diff says of each pair of templates, by logical id, and its CPU seconds."""
    result = _node(_DIFF, folder, json.dumps(pairs))
    return result["found"], result["seconds"]


def _node(script: str, folder: Path, given: str) -> Any:
    modules = (folder / "node_modules").resolve()
    if not (modules / "@aws-cdk").is_dir():
        raise SystemExit(f"{folder}: found no node_modules/@aws-cdk; install it by `{INSTALL}`")
    result = subprocess.run(["node", "-e", script, str(modules)], input=given, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout)
