"""Tests of the network's parts."""
