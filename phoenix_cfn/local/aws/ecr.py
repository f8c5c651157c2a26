"""ECR: a registry that asks who is there, and the way from AWS's image names to it.

`<account>.dkr.ecr.<region>.amazonaws.com` leads nowhere here: the gateway is the registry, under 127.0.0.1 for the
Docker engine of this machine, and under AWS's own name inside a build's container.
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from typing import Any

from phoenix_cfn.local.aws import base_images, iam, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import settings

_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/userguide"
_URI = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^@:]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?")
# Password of `docker login` -> ARN of the role that asked for it; empty for the account's root.
_logins: dict[str, str] = {}
# The Docker engine pulls for ECS, which has checked the execution role already.
_ENGINE = secrets.token_hex(16)


def host() -> str:
    """The registry's name on AWS."""
    return f"{ministack.account()}.dkr.ecr.{ministack.region()}.amazonaws.com"


def repository_arn(image: str) -> str:
    """Of an image in ECR; empty for one of another registry."""
    match = _URI.fullmatch(image)
    return f"arn:aws:ecr:{match[2]}:{match[1]}:repository/{match[3]}" if match else ""


def local_name(image: str) -> str:
    """What the Docker engine of this machine calls an image of ECR."""
    match = _URI.fullmatch(image)
    if not match:
        return image
    reference = f"@{match[5]}" if match[5] else f":{match[4] or 'latest'}"
    return f"127.0.0.1:{settings().port}/{match[3]}{reference}"


def exists(local: str) -> bool:
    """Whether the registry has the image of a local name with a digest."""
    name, digest = local.split("/", 1)[1].split("@")
    return any(each.get("imageDigest") == digest for each in ministack.ecr._images.get(name, []))


def engine_login() -> dict[str, str]:
    """Credentials for the Docker engine's pulls on behalf of ECS."""
    return {"username": "AWS", "password": _ENGINE}


@correction(
    "A registry's password is a token of its own for whoever asked, and needs ecr:GetAuthorizationToken",
    f"{_ECR}/registry_auth.html",
)
def tokens_know_who_asked() -> None:
    def get(data: dict[str, Any]) -> Any:
        caller = ministack.iam_evaluator.caller_arn()
        password = secrets.token_hex(32)
        role = ""
        if ":assumed-role/" in caller:
            role = f"arn:aws:iam::{ministack.account()}:role/{caller.split(':assumed-role/')[1].split('/')[0]}"
        _logins[password] = role
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        return ministack.responses.json_response(
            {
                "authorizationData": [
                    {
                        "authorizationToken": token,
                        "expiresAt": int(time.time()) + 43200,
                        "proxyEndpoint": f"https://{host()}",
                    }
                ]
            }
        )

    ministack.ecr._get_authorization_token = get


@correction(
    "Push and pull need a login, and the role behind it the permission for each step", f"{_ECR}/image-push-iam.html"
)
def the_registry_asks_who_is_there() -> None:
    plain = ministack.ecr.handle_registry_request

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        verb, name, reference = ministack.ecr._parse_v2_path(path) or ("", "", "")
        if name == base_images.REPOSITORY:
            return base_images.answer(method.upper(), verb, reference)
        known = {key.lower(): value for key, value in headers.items()}
        password = _password(known.get("authorization", ""))
        if password != _ENGINE and password not in _logins:
            answer = ministack.ecr._registry_error(401, "UNAUTHORIZED", "authentication required", {})
            return answer[0], {**answer[1], "WWW-Authenticate": f'Basic realm="https://{host()}/"'}, answer[2]
        role = _logins.get(password, "")
        action = _ACTIONS.get((verb, method.upper()))
        if role and action:
            arn = f"arn:aws:ecr:{ministack.region()}:{ministack.account()}:repository/{name}"
            if not iam.allows(role, action, arn):
                message = f"User: {role} is not authorized to perform: {action} on resource: {arn}"
                return ministack.ecr._registry_error(403, "DENIED", message, {})
        return await plain(method, path, headers, body, query)

    ministack.ecr.handle_registry_request = handle


_ACTIONS = {
    ("blob", "HEAD"): "ecr:BatchCheckLayerAvailability",
    ("blob", "GET"): "ecr:GetDownloadUrlForLayer",
    ("manifest", "HEAD"): "ecr:BatchGetImage",
    ("manifest", "GET"): "ecr:BatchGetImage",
    ("manifest", "PUT"): "ecr:PutImage",
    ("blob_uploads", "POST"): "ecr:InitiateLayerUpload",
    ("blob_upload_session", "PATCH"): "ecr:UploadLayerPart",
    ("blob_upload_session", "PUT"): "ecr:CompleteLayerUpload",
}


def _password(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    return base64.b64decode(value).decode(errors="replace").partition(":")[2]
