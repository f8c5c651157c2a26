"""ECR's corrections."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.sessions import client_of


def _get(aws: LocalAws, path: str, password: str = "") -> int:
    headers = {}
    if password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"AWS:{password}".encode()).decode()
    try:
        request = urllib.request.Request(f"{aws.settings.endpoint}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _password(ecr: object) -> str:
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]  # type: ignore[attr-defined]
    return base64.b64decode(token).decode().partition(":")[2]


def test_tokens_know_who_asked(lab: Lab, aws: LocalAws) -> None:
    one, other = (_password(aws.client("ecr")) for _ in range(2))
    assert one != other
    outputs = lab.deploy(
        {"Role": role("codebuild.amazonaws.com", allow("s3:*"))}, {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        _password(client_of(aws, "ecr", outputs["Role"]))


def test_the_registry_asks_who_is_there(lab: Lab, aws: LocalAws, image: str) -> None:
    name, digest = image.split("/", 1)[1].split("@")
    manifest = f"/v2/{name}/manifests/{digest}"
    assert _get(aws, manifest) == 401
    assert _get(aws, manifest, "guessed") == 401
    assert _get(aws, manifest, _password(aws.client("ecr"))) == 200
    login = allow("ecr:GetAuthorizationToken")
    outputs = lab.deploy(
        {
            "Reader": role("codebuild.amazonaws.com", login, allow("ecr:BatchGetImage")),
            "Other": role("codebuild.amazonaws.com", login, allow("ecr:BatchGetImage", resource="arn:aws:ecr:::x")),
        },
        {each: {"Fn::GetAtt": [each, "Arn"]} for each in ("Reader", "Other")},
    )
    assert _get(aws, manifest, _password(client_of(aws, "ecr", outputs["Reader"]))) == 200
    assert _get(aws, manifest, _password(client_of(aws, "ecr", outputs["Other"]))) == 403
