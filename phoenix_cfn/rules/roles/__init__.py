"""Roles: no more than needed, and no less."""
