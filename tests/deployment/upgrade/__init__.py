"""The templates of released versions, each in a folder of its own: what a stage that runs today was deployed from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfnlint.decode.decode import decode_str

FOLDER = Path(__file__).parent
RELEASED = sorted(each.name for each in FOLDER.iterdir() if (each / "Pipeline.yml").exists())
TEMPLATES = ("Pipeline.yml", "Infrastructure.yml")
# What is lost when it is replaced: data, images, logs, passwords, or a subscription that a person has confirmed.
HOLDS_DATA = (
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
)
# What the deploy role of a released version lacks on AWS. A stage of that version exists only where its user has added
# the permissions: the file, a text in it, and the text that takes its place.
ALLOWED_BY_HAND: dict[str, tuple[tuple[str, str, str], ...]] = {
    # Amazon ECS checks the registration of a task definition on all resources, and its tags on the family.
    "1.0.0": (
        (
            "templates/Pipeline.yml",
            """              - Sid: Ecs
                Effect: Allow
""",
            """              - Effect: Allow
                Action: ['ecs:RegisterTaskDefinition', 'ecs:TagResource']
                Resource: ['*']
              - Sid: Ecs
                Effect: Allow
""",
        ),
    ),
}
# What the update from a released version replaces or removes besides, by logical id, and what that interrupts.
REPLACED: dict[str, dict[str, str]] = {
    "1.0.0": {
        "TaskDefinition": "nothing: every release has a new one, and rolls it out task by task",
    },
}


def read(file: Path) -> dict[str, Any]:
    """A template as plain data."""
    decoded, errors = decode_str(file.read_text(encoding="utf-8"))
    assert not errors, errors
    found: dict[str, Any] = decoded
    return found
