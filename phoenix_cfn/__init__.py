"""Writes the Phoenix kata's CloudFormation: one template for the pipeline, one for what it deploys."""

from phoenix_cfn import infrastructure, pipeline
from phoenix_cfn.settings import Settings

__version__ = "1.0.0"

__all__ = ["Settings", "infrastructure", "pipeline"]
