"""Deploys both templates for real, on a local AWS with real containers: from source to crash to removal."""
