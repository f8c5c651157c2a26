"""Lambda: `cfnresponse` lies beside inline code, load balancers have names, and the role must trust Lambda."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from phoenix_cfn.local.aws import iam
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend

_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"


@correction("Inline code can import cfnresponse", f"{_CFN}/cfn-lambda-function-code-cfnresponsemodule.html")
def cfnresponse_is_there() -> None:
    _add_to_path("lambda_path")


@correction(
    "A function reaches a load balancer by its name",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
)
def load_balancers_have_names() -> None:
    _add_to_path("lambda_start")


def _add_to_path(folder: str) -> None:
    """Functions run in processes of their own, which inherit this."""
    path = [str(Path(__file__).parent / folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)


@correction(
    "A function is refused when Lambda cannot assume its role",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)
def roles_must_trust_lambda() -> None:
    def check(properties: dict[str, Any]) -> None:
        try:
            iam.credentials(properties["Role"], "lambda.amazonaws.com")
        except iam.AccessDenied as error:
            raise ValueError("The role defined for the function cannot be assumed by Lambda.") from error

    extend("AWS::Lambda::Function", before=check)
