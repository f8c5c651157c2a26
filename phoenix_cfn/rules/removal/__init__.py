"""Removal without a rest."""
