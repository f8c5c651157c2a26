"""CloudWatch Logs' corrections."""

from __future__ import annotations

from typing import Any

from tests.local.aws.lab import Lab, allow


def key(*statements: dict[str, Any]) -> dict[str, Any]:
    """A key that the account administers, with further statements."""
    account = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
    admin = {**allow("kms:*"), "Principal": account}
    document = {"Version": "2012-10-17", "Statement": [admin, *statements]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}


def group(key_arn: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lab/encrypted", "KmsKeyId": key_arn}}


def test_log_groups_are_checked(lab: Lab) -> None:
    arn = {"Fn::GetAtt": ["Key", "Arn"]}
    service = {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}
    assert "not allowed to be used" in lab.failure({"Key": key(), "Group": group(arn)})
    for others, ok in (("*", True), ("/other/*", False)):
        groups = {"Fn::Sub": f"arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{others}"}
        condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
        statement = {**allow("kms:Encrypt", "kms:Decrypt"), "Principal": service, "Condition": condition}
        resources = {"Key": key(statement), "Group": group(arn)}
        if ok:
            lab.deploy(resources)
            lab.clean()
        else:
            assert "not allowed to be used" in lab.failure(resources)
