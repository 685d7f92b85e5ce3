"""DCI's own client, unchanged, against a running server."""
