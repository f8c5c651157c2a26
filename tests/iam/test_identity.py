"""What identifies a resource in a policy agrees with what its name is elsewhere."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation import names
from phoenix_cfn.iam.identity import NAMES


@pytest.mark.parametrize("kind", sorted(NAMES.keys() & names.NAMES.keys()))
def test_a_reference_is_the_name_or_the_arn_or_the_url(kind: str) -> None:
    assert names.NAMES[kind].ref == (kind not in names.REF_IS_ARN | names.REF_IS_URL)
