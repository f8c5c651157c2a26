"""The smoke test: a function that requests a path of the new version before users reach it. If it fails, the deployment
rolls back."""

from __future__ import annotations

from pathlib import Path

from awacs import awslambda, logs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.awslambda import Code, Environment, Function, LoggingConfig
from troposphere.ecs import DeploymentLifecycleHook

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.roles import bounded_role
from phoenix_cfn.scope import Scope
from phoenix_cfn.template import suppress

# A request with this header is forwarded to the new version.
TEST_HEADER, TEST_VALUE = "x-deployment-test", "new-version"
# CodeDeploy routes by listeners only: test requests have a separate one.
TEST_PORT = 8081
# Seconds, for all requests and pauses of the function.
_TIMEOUT = 60

_CODE = Path(__file__).with_name("smoke_test_function.py")


def ecs_hook(scope: Scope, load_balancing: LoadBalancing, boundary: Parameter) -> DeploymentLifecycleHook:
    """ECS invokes the function while only requests with the test header reach the new version.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
    """
    function = smoke_test(scope, load_balancing, boundary, "ecs")
    role = bounded_role(
        scope,
        "HookRole",
        "ecs",
        boundary,
        Statement(
            Sid="InvokeTheSmokeTest",
            Effect=Allow,
            Action=[awslambda.InvokeFunction],
            Resource=[GetAtt(function, "Arn")],
        ),
    )
    return DeploymentLifecycleHook(
        HookTargetArn=GetAtt(function, "Arn"),
        RoleArn=GetAtt(role, "Arn"),
        LifecycleStages=["POST_TEST_TRAFFIC_SHIFT"],
    )


def smoke_test(
    scope: Scope, load_balancing: LoadBalancing, boundary: Parameter, caller: str, *statements: Statement
) -> Function:
    """The function. `caller`: the service that waits for its result; `statements`: permissions to report the result."""
    group = log_group(scope, "SmokeTestLogGroup", scope.names.smoke_test_logs)
    write = Statement(
        Sid="WriteTheLog",
        Effect=Allow,
        Action=[logs.CreateLogStream, logs.PutLogEvents],
        Resource=[GetAtt(group, "Arn")],
    )
    role = bounded_role(scope, "SmokeTestRole", "lambda", boundary, write, *statements)
    # CodeDeploy's test listener has no TLS. With TLS in the rules, port 80 only redirects.
    tls = caller == "ecs" and scope.settings.load_balancer.https != "off"
    variables = {
        "HOST": GetAtt(load_balancing.load_balancer, "DNSName"),
        "PORT": str(TEST_PORT if caller == "codedeploy" else 443 if tls else 80),
        "SCHEME": "https" if tls else "http",
        "TEST_PATH": scope.settings.deployment.smoke_test_path,
        "TEST_HEADER": TEST_HEADER,
        "TEST_VALUE": TEST_VALUE,
    }
    return scope.add(
        Function(
            "SmokeTestFunction",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_115": "Runs once; accounts with the lowest quota cannot reserve concurrency.",
                    "CKV_AWS_116": "The deployment waits for its result.",
                    "CKV_AWS_117": "Requests the public load balancer only.",
                    "CKV_AWS_173": "Its variables are the load balancer's name and a path.",
                }
            ),
            # With a name, for the pipeline's permissions boundary.
            FunctionName=Sub(scope.names.smoke_test),
            Description="Smoke test of a new version during its deployment",
            Runtime="python3.13",
            Handler=f"index.{caller}",
            Role=GetAtt(role, "Arn"),
            Timeout=_TIMEOUT,
            LoggingConfig=LoggingConfig(LogGroup=Ref(group)),
            Environment=Environment(Variables=variables),
            Code=Code(ZipFile=_CODE.read_text(encoding="utf-8")),
        )
    )
