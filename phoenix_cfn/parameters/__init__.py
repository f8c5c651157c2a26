"""The deploy-time parameters of a stage and of a release. Those of a source are in pipeline/sources/."""
