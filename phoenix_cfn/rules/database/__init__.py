"""The path to the database, and its secrets."""
