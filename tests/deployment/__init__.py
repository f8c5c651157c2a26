"""Deploys both templates for real, on a local AWS with real containers: from source to crash to removal."""

from pathlib import Path

REPOSITORY_ROOT = Path(__file__).parents[2]
