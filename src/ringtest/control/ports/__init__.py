"""What the server needs of the outside: one interface per file, implemented by connectors."""
