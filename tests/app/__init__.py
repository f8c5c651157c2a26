"""Tests of the application as its users meet it: as a process, against a real database server, and in its container."""
