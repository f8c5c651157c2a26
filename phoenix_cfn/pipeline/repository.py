"""Where images lie: an ECR repository whose tags never move."""

from __future__ import annotations

import json

from troposphere import GetAtt, Sub
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository

from phoenix_cfn.scope import Scope, part

# Releases to keep: a rollback, or a task that scaling starts, pulls its image by digest long after the build.
KEPT_IMAGES = 20


@part
def image_repository(scope: Scope) -> Repository:
    """One tag for each commit, scanned when it is pushed, and gone with its stack."""
    return scope.add(
        Repository(
            "Repository",
            RepositoryName=Sub(scope.names.repository),
            ImageTagMutability="IMMUTABLE",
            ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
            EncryptionConfiguration=EncryptionConfiguration(EncryptionType="KMS", KmsKey=GetAtt(scope.key, "Arn")),
            LifecyclePolicy=LifecyclePolicy(
                LifecyclePolicyText=json.dumps(
                    {
                        "rules": [
                            {
                                "rulePriority": 1,
                                "description": f"Keep the last {KEPT_IMAGES} images",
                                "selection": {
                                    "tagStatus": "any",
                                    "countType": "imageCountMoreThan",
                                    "countNumber": KEPT_IMAGES,
                                },
                                "action": {"type": "expire"},
                            }
                        ]
                    }
                )
            ),
            EmptyOnDelete=True,
        )
    )
