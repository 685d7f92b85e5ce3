"""Expressions and YAML with places."""
