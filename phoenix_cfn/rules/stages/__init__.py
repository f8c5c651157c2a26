"""Stages side by side in one account."""
