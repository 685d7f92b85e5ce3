"""Ringtest: one product build, many laboratories, one answer."""

__version__ = "0.1.0"
