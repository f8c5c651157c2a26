"""Recovery from crashes."""
