"""What implements the ports: one connector per file, found by `registry`."""
