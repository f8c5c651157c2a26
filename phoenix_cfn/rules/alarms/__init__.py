"""Alarms that watch an existing metric and notify a person."""
