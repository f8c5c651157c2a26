"""Facts of AWS that the generator and the rules share, each with its source. This package imports nothing of ours."""
