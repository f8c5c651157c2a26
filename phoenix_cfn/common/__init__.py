"""What both templates use: the key, log groups, topics, trust policies."""
