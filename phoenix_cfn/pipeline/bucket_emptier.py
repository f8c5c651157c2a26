"""Runs in the pipeline stack as a custom resource: empties the artifact bucket when its stack is deleted.

The template carries this file's text; `cfnresponse` and boto3 are there in Lambda.
"""

import boto3
import cfnresponse


def handler(event, context):
    bucket = event["ResourceProperties"]["BucketName"]
    try:
        if event["RequestType"] == "Delete":
            empty(boto3.client("s3"), bucket)
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, bucket)
    except Exception as error:
        # The stack's events are where a person looks: say there why the bucket is not empty.
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, bucket, reason=f"{bucket} is not empty: {error}")


def empty(s3, bucket):
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if found:
            keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors")
            if errors:
                raise RuntimeError(errors[0]["Message"])
