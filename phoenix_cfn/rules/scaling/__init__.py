"""Scaling, in the right unit, on the right resource."""
