"""Alarms that watch something and reach a person."""
