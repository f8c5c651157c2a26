"""Texts of phoenix.toml in which CloudFormation fills in what differs between stages."""

from __future__ import annotations

from troposphere import Sub


def filled_in(text: str) -> Sub | str:
    """The text with the values of the stage, as in `https://${StagePrefix}.example.com`."""
    return Sub(text) if "${" in text else text
