"""The control server: rooms on a ladder, wired by app.py. See ARCHITECTURE.md."""
