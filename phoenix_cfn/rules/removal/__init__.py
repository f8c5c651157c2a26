"""Complete removal."""
