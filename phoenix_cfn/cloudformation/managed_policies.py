"""The actions that AWS managed policies allow.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

MANAGED: dict[str, tuple[str, ...]] = {
    "service-role/AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    "service-role/AWSLambdaBasicExecutionRole": ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    "AdministratorAccess": ("*",),
    "CloudWatchLogsFullAccess": ("logs:*",),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonEC2ContainerRegistryPowerUser": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:Describe*",
        "ecr:List*",
        "ecr:Get*",
    ),
    "AmazonEC2ContainerRegistryFullAccess": ("ecr:*",),
    "SecretsManagerReadWrite": ("secretsmanager:*",),
}
"""The actions of a policy, by its name with its path; of large policies, only those that templates often need."""
