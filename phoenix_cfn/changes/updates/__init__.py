"""What a property that changes does to its resource: by AWS's documentation, or else by the registry schemas."""
