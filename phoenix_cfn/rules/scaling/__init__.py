"""Scaling on the right resource, in the right unit."""
