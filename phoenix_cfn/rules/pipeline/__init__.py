"""The pipeline's chain, from a push to a stack."""
