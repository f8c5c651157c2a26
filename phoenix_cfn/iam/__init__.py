"""Policies: who may assume a role, and what the deploy role may do."""
