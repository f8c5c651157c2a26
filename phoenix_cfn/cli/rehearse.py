"""`phoenix-cfn rehearse`: the release of the working tree to an earlier revision, tried on a local AWS."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.arguments import add_assignments, add_set
from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """The exit code: 0; 1 where the release fails, disturbs, or contradicts the preview. Raises PhoenixError."""
    options = _parse(arguments, prog)
    require_local()
    from phoenix_cfn.local.progress import Progress
    from phoenix_cfn.local.rehearsal import report
    from phoenix_cfn.local.rehearsal.rehearsal import Values, rehearse

    given = dict(options.set)
    values = Values(given | dict(options.set_old), given | dict(options.set_new))
    # Standard output has the report alone.
    found = rehearse(root, options.revision, options.stage, values, Progress(sys.stderr))
    print(json.dumps(report.as_json(found), indent=1) if options.json else report.as_text(found).rstrip("\n"))
    return 0 if found.passed else FINDINGS


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Deploys a git revision of this project on a local AWS of its own, puts data into its database and "
        "sends requests all the time, then updates the pipeline stack and releases the working tree. Prints what "
        "happened to each resource, beside what `phoenix-cfn diff` says. Needs Linux, a Docker engine and the extra "
        "`local`.",
        epilog="Exit code: 0; 1 where the release or a request fails, data is lost, or the preview is contradicted; "
        "2 where the rehearsal cannot begin, or the revision does not deploy.",
    )
    parser.add_argument(
        "--from", required=True, dest="revision", metavar="REV", help="the git revision that is deployed first"
    )
    parser.add_argument("--stage", default="dev", help="the parameter StagePrefix (default: %(default)s)")
    add_set(parser, "another parameter of Pipeline.yml; repeat the option for each")
    add_assignments(parser, "--set-old", "the same for the revision only")
    add_assignments(parser, "--set-new", "the same for the working tree only")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)
