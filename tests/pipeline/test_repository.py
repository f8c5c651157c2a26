"""Images: tags that never move, scanned, limited in number, gone with the stack."""

from __future__ import annotations

import json

from tests.stack import Stack


def test_tags_are_immutable_images_scanned_and_nothing_blocks_the_deletion(pipeline_stack: Stack) -> None:
    repository = pipeline_stack.properties("Repository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EmptyOnDelete"] is True


def test_enough_images_are_kept_for_a_rollback(pipeline_stack: Stack) -> None:
    (rule,) = json.loads(pipeline_stack.properties("Repository")["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert rule["selection"]["countType"] == "imageCountMoreThan"
    assert rule["selection"]["countNumber"] >= 10
