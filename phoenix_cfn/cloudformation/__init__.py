"""A finished template, read as CloudFormation reads it, and what AWS publishes about its resource types.

Nothing here knows how the template was written or what it is for. A template may be anything: reading it never fails,
and what a template does not determine is unknown, not guessed.
"""
