"""The policy of the deploy role, and the permissions boundary, derived from a template."""
