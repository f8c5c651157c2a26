"""The ECR repository of the images, with immutable tags."""

from __future__ import annotations

import json

from troposphere import GetAtt, Sub
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository

from phoenix_cfn.scope import Scope, part

# The number of images: a rollback, or a new task of scaling, pulls an image by its digest long after the build.
KEPT_IMAGES = 20


@part
def image_repository(scope: Scope) -> Repository:
    """The repository: one tag for each commit, scanned on push, deleted with the stack."""
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
