"""How a template gets into a request to CloudFormation: inline, or by the URL of an object where it is too large."""

from __future__ import annotations

from collections.abc import Callable

from phoenix_cfn.cloudformation.limits import INLINE_BYTES


def template_argument(template: str, upload: Callable[[bytes], str]) -> dict[str, str]:
    """`upload` stores a template and returns its URL."""
    content = template.encode()
    return {"TemplateBody": template} if len(content) <= INLINE_BYTES else {"TemplateURL": upload(content)}
