"""Artifacts: private, encrypted, TLS only, expiring, and gone with their stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.stack import Stack, get_att, ref


def test_the_bucket_is_private_encrypted_and_expires(pipeline_stack: Stack) -> None:
    bucket = pipeline_stack.properties("ArtifactBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    (expiry,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (expiry["Status"], expiry["ExpirationInDays"]) == ("Enabled", 30)
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_the_bucket_refuses_requests_without_tls(pipeline_stack: Stack) -> None:
    (statement,) = pipeline_stack.properties("ArtifactBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
    assert statement["Resource"] == [get_att("ArtifactBucket", "Arn"), {"Fn::Sub": "${ArtifactBucket.Arn}/*"}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_who_may_write_to_the_bucket_goes_before_it_is_emptied(pipeline_stack: Stack) -> None:
    """A build under way when the stack is deleted would fill it again, and a bucket with objects cannot be deleted."""
    writers = [
        title
        for title in pipeline_stack.of_type("AWS::IAM::Role")
        if any("s3:PutObject" in each["Action"] for each in pipeline_stack.statements(title))
    ]
    assert sorted(writers) == ["BuildRole", "PipelineRole"]
    for title in writers:
        assert pipeline_stack.resources[title]["DependsOn"] == "BucketEmptier"


def test_the_emptier_may_empty_this_bucket_only(pipeline_stack: Stack) -> None:
    assert pipeline_stack.resources["BucketEmptier"]["Properties"] == {
        "ServiceToken": get_att("BucketEmptierFunction", "Arn"),
        "ServiceTimeout": 360,
        "BucketName": ref("ArtifactBucket"),
    }
    allowed = {
        action: json.dumps(statement["Resource"])
        for statement in pipeline_stack.statements("BucketEmptierRole")
        for action in statement["Action"]
    }
    assert set(allowed) == {
        "s3:ListBucketVersions",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert all("ArtifactBucket.Arn" in allowed[action] for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"))
    assert '"*"' not in "".join(allowed.values())


def test_cloudformation_waits_a_little_longer_than_the_emptier_may_take(pipeline_stack: Stack) -> None:
    waits = pipeline_stack.properties("BucketEmptier")["ServiceTimeout"]
    assert 0 < waits - pipeline_stack.properties("BucketEmptierFunction")["Timeout"] <= 60


class Bucket:
    """Stands in for S3: a bucket with versions and delete markers, listed by pages of two."""

    def __init__(self, versions: int, markers: int, refuses: bool = False) -> None:
        self.versions = [{"Key": f"v{n}", "VersionId": str(n), "Size": 1} for n in range(versions)]
        self.markers = [{"Key": f"m{n}", "VersionId": str(n)} for n in range(markers)]
        self.refuses = refuses

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_object_versions"
        return self

    def paginate(self, Bucket: str) -> Any:
        assert Bucket == "artifacts"
        for start in range(0, max(len(self.versions), len(self.markers), 1), 2):
            page: dict[str, Any] = {}
            if self.versions[start : start + 2]:
                page["Versions"] = self.versions[start : start + 2]
            if self.markers[start : start + 2]:
                page["DeleteMarkers"] = self.markers[start : start + 2]
            yield page

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        assert Delete["Objects"]
        if self.refuses:
            return {"Errors": [{"Message": "Access Denied"}]}
        self.deleted = [*getattr(self, "deleted", []), *(each["Key"] for each in Delete["Objects"])]
        return {}


@pytest.fixture
def run(pipeline_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Bucket], dict[str, Any]]:
    """Runs the code in the template as Lambda would; gives what it answers CloudFormation."""

    def run(request: str, bucket: Bucket) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        boto3, cfnresponse = ModuleType("boto3"), ModuleType("cfnresponse")
        boto3.client = lambda service: bucket  # type: ignore[attr-defined]
        cfnresponse.SUCCESS, cfnresponse.FAILED = "SUCCESS", "FAILED"  # type: ignore[attr-defined]

        def send(event: Any, context: Any, status: str, data: Any, physical_id: str, reason: str | None = None) -> None:
            answer.update(status=status, physical_id=physical_id, reason=reason)

        cfnresponse.send = send  # type: ignore[attr-defined]
        monkeypatch.setitem(__import__("sys").modules, "boto3", boto3)
        monkeypatch.setitem(__import__("sys").modules, "cfnresponse", cfnresponse)
        code: dict[str, Any] = {}
        exec(pipeline_stack.properties("BucketEmptierFunction")["Code"]["ZipFile"], code)
        code["handler"]({"RequestType": request, "ResourceProperties": {"BucketName": "artifacts"}}, None)
        return answer

    return run


def test_deleting_the_stack_empties_the_bucket(run: Callable[[str, Bucket], dict[str, Any]]) -> None:
    bucket = Bucket(versions=5, markers=3)
    assert run("Delete", bucket) == {"status": "SUCCESS", "physical_id": "artifacts", "reason": None}
    assert sorted(bucket.deleted) == ["m0", "m1", "m2", "v0", "v1", "v2", "v3", "v4"]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_nothing_else_touches_the_bucket(run: Callable[[str, Bucket], dict[str, Any]], request_type: str) -> None:
    bucket = Bucket(versions=1, markers=1)
    assert run(request_type, bucket)["status"] == "SUCCESS"
    assert not hasattr(bucket, "deleted")


def test_an_empty_bucket_is_no_error(run: Callable[[str, Bucket], dict[str, Any]]) -> None:
    assert run("Delete", Bucket(versions=0, markers=0))["status"] == "SUCCESS"


def test_a_bucket_that_cannot_be_emptied_says_why(run: Callable[[str, Bucket], dict[str, Any]]) -> None:
    answer = run("Delete", Bucket(versions=1, markers=0, refuses=True))
    assert answer == {
        "status": "FAILED",
        "physical_id": "artifacts",
        "reason": "artifacts is not empty: Access Denied",
    }


def test_the_code_is_small_enough_to_stand_in_the_template(pipeline_stack: Stack) -> None:
    assert len(pipeline_stack.properties("BucketEmptierFunction")["Code"]["ZipFile"]) <= 4096
