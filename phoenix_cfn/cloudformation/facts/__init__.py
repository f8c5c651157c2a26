"""Facts of AWS for the generator and the rules, each with its source. Imports no other part of phoenix_cfn."""
