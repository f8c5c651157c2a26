"""The deploy-time parameters: a file for each thing that they describe. Those of a source stand beside the source."""
