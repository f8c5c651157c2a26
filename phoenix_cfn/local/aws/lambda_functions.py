"""Lambda: `cfnresponse` lies beside inline code, and the function's role must trust Lambda."""

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
    # Workers are processes of their own, which inherit this.
    path = [str(Path(__file__).parent / "lambda_path"), *filter(None, [os.environ.get("PYTHONPATH")])]
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
