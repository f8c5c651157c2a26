"""The local AWS, and the commands that deploy a project on it."""
