"""Templates, parsed and evaluated as by CloudFormation, and AWS's data about resource types.

This package works with any template. Reading a parsed template never fails; values that the template does not
determine are unknown, not guessed.
"""
