"""A finished template, read as CloudFormation reads it, and what AWS publishes about its resource types.

Nothing here depends on how the template was written or what it is for. A template may be anything: once it is data,
reading it never fails, and what it does not determine is unknown, not guessed.
"""
