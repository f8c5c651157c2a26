"""Common parts of both templates: the KMS key, log groups, topics, trust policies."""
