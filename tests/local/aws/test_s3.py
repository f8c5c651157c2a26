"""S3's corrections."""

from __future__ import annotations

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab

BUCKET = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
}


def test_full_buckets_stay(lab: Lab, aws: LocalAws) -> None:
    bucket = lab.deploy(BUCKET, {"Name": {"Ref": "Bucket"}})["Name"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    s3.delete_object(Bucket=bucket, Key="key")
    assert lab.delete(lab.stacks[0]) == "DELETE_FAILED"
    assert "is not empty" in lab.reasons(lab.stacks[0])
    found = s3.list_object_versions(Bucket=bucket)
    for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    assert lab.delete(lab.stacks[0]) in ("", "DELETE_COMPLETE")


def test_calls_count_as_encrypted(lab: Lab, aws: LocalAws) -> None:
    """A bucket that refuses plain HTTP takes an object: root is not above a Deny in a bucket's policy."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject"],
        "Resource": [{"Fn::Sub": "${Bucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [deny]},
        },
    }
    bucket = lab.deploy({**BUCKET, "Policy": policy}, {"Name": {"Ref": "Bucket"}})["Name"]
    s3 = aws.client("s3")
    version = s3.put_object(Bucket=bucket, Key="key", Body=b"")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="key", VersionId=version)
