"""`phoenix-cfn up`: deploys the project in this folder on a local AWS with real containers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phoenix_cfn.cli.arguments import add_set
from phoenix_cfn.cli.extra import require_local
from phoenix_cfn.cli.outcome import FINDINGS

if TYPE_CHECKING:
    from phoenix_cfn.local.stage import Stage


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code: 0; 1 if the deployment fails. Raises PhoenixError if it cannot start."""
    options = _parse(arguments, prog)
    require_local()
    from phoenix_cfn.local.errors import DeploymentFailed
    from phoenix_cfn.local.progress import Progress
    from phoenix_cfn.local.server import REGION
    from phoenix_cfn.local.up import up

    progress = Progress()
    try:
        stage = up(root, options.stage, dict(options.set), progress)
    except DeploymentFailed as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return FINDINGS
    print(
        f"Up after {progress.seconds()}: {stage.site}\n\n"
        f"On AWS, the URL of the load balancer is in the Outputs; here it is {stage.url}.\n"
        f"{_with_tls(stage)}"
        "`phoenix-cfn logs` prints the application's log, `phoenix-cfn status` the state; `phoenix-cfn down` "
        "removes everything.\n"
        "For the AWS CLI, set AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
        f"AWS_DEFAULT_REGION={REGION} AWS_ENDPOINT_URL={stage.aws.settings.endpoint}."
    )
    return 0


def _with_tls(stage: Stage) -> str:
    """How a client can verify the certificate; a browser shows a warning, since the authority is unknown to it."""
    if stage.settings.load_balancer.https == "off":
        return ""
    return (
        "A local authority signs its certificate: a browser shows a warning. With curl:\n"
        f"  curl --cacert {stage.aws.settings.state}/local-ca.pem --connect-to "
        f"::localhost:{stage.aws.settings.secure_site} https://{stage.domain}/\n"
    )


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Deploys the project in this folder on a local AWS: creates the pipeline stack, whose pipeline "
        "builds the image and deploys the infrastructure stack, and prints the URL. Needs Linux, a Docker engine and "
        "the extra `local`.",
        epilog="Exit code: 0; 1 if the deployment fails; 2 if it cannot start.",
    )
    parser.add_argument("--stage", default="dev", help="the parameter StagePrefix (default: %(default)s)")
    add_set(parser, "another parameter of Pipeline.yml; may be repeated")
    return parser.parse_args(arguments)
