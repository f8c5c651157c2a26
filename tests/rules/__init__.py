"""Tests of the proofs: the fault corpus, the near misses, the model, and rules that never crash."""
