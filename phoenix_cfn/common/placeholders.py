"""Texts of phoenix.toml with placeholders for values that differ between stages."""

from __future__ import annotations

from troposphere import Sub


def filled_in(text: str) -> Sub | str:
    """The text as Fn::Sub if it has placeholders, as in `https://${StagePrefix}.example.com`."""
    return Sub(text) if "${" in text else text
