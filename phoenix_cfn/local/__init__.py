"""A local AWS with real containers, and a project's stage on it: `phoenix-cfn up`. Needs the extra `local`.

`aws/` is the local AWS, a process of its own; the modules here start it, deploy a project to it and remove both.
"""
