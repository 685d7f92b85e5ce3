"""One suite per port, run over every connector of it."""
