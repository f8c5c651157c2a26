"""A local AWS: MiniStack, and what it lacks or does differently corrected here, one module a service.

A correction is a function decorated with `@correction`: its name and the decorator say which behaviour of AWS it
restores and where AWS documents it; calling it changes MiniStack's modules in this process. Each has a test of its own
name. Only `ministack.py` imports MiniStack, which is pinned exactly: corrections reach into its private functions.
"""
