"""S3: buckets that are not empty stay, and every call counts as encrypted."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction


@correction(
    "A bucket that holds an object, a version or a delete marker is not deleted",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html",
)
def full_buckets_stay() -> None:
    delete = ministack.handlers["AWS::S3::Bucket"]["delete"]

    def strict(physical_id: str, properties: dict[str, Any]) -> None:
        if physical_id in ministack.s3._buckets and _holds_something(physical_id):
            raise ValueError(f"The bucket {physical_id} is not empty. You must delete all versions in the bucket.")
        delete(physical_id, properties)

    ministack.handlers["AWS::S3::Bucket"]["delete"] = strict


def _holds_something(bucket: str) -> bool:
    record = ministack.s3._buckets[bucket]
    versions = ministack.s3._object_versions
    return bool(record.get("objects")) or any(key[0] == bucket for key in versions if versions[key])


@correction(
    "Clients reach AWS by TLS: aws:SecureTransport is true (the gateway is plain HTTP, on this machine only)",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
)
def calls_count_as_encrypted() -> None:
    pin = ministack.iam_evaluator.pin_request_origin
    ministack.iam_evaluator.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)
    ministack.app.pin_request_origin = ministack.iam_evaluator.pin_request_origin
