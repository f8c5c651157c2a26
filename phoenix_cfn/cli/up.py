"""`phoenix-cfn up`: the project in this folder, deployed on a local AWS with real containers."""

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
    """The exit code: 0; 1 where the deployment fails. Raises PhoenixError where it cannot begin."""
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
        f"On AWS, the load balancer's URL is in the Outputs; here it is {stage.url}.\n"
        f"{_with_tls(stage)}"
        "`phoenix-cfn logs` prints the application's log, `status` what runs; `down` removes everything.\n"
        "For the AWS CLI, set AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
        f"AWS_DEFAULT_REGION={REGION} AWS_ENDPOINT_URL={stage.aws.settings.endpoint}."
    )
    return 0


def _with_tls(stage: Stage) -> str:
    """How a client gets the certificate that it expects; a browser warns, as it does not know the authority."""
    if stage.settings.load_balancer.https == "off":
        return ""
    return (
        "A local authority signs its certificate, which a browser warns of. With curl:\n"
        f"  curl --cacert {stage.aws.settings.state}/local-ca.pem --connect-to "
        f"::localhost:{stage.aws.settings.secure_site} https://{stage.domain}/\n"
    )


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Deploys the project in this folder on a local AWS: creates the pipeline stack, whose pipeline "
        "builds the image and deploys the infrastructure stack, and prints the URL. Needs Linux, a Docker engine and "
        "the extra `local`.",
        epilog="Exit code: 0; 1 where the deployment fails; 2 where it cannot begin.",
    )
    parser.add_argument("--stage", default="dev", help="the parameter StagePrefix (default: %(default)s)")
    add_set(parser, "another parameter of Pipeline.yml; repeat the option for each")
    return parser.parse_args(arguments)
