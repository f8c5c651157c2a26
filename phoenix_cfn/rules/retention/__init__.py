"""Seven days of logs and backups."""
