"""Size limits of templates and policies."""

from __future__ import annotations

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE_BYTES = 51_200
"""Bytes of a template in the body of an API call; a template in S3 may be larger."""

STACK_NAME_LENGTH = 128
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""

# Characters without white space. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_INLINE_LIMIT = 10_240
"""Of all inline policies of a role together."""
MANAGED_POLICY_LIMIT = 6_144
"""Of one managed policy."""
MANAGED_POLICIES_OF_A_ROLE = 10
IAM_PATH_LENGTH = 512
