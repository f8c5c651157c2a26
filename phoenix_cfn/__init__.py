"""Writes the Phoenix kata's CloudFormation: one template for the pipeline, one for what it deploys."""

__version__ = "1.0.0"
