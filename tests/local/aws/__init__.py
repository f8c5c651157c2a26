"""One test for each correction of MiniStack, named after it, in a file named after its service."""
