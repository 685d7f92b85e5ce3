"""Log tail: a log as it grows, read once in a process for all who watch it.

States of a tail: read (somebody watches), forgotten.
Events out: none. Events in: none; what moves comes on the live channel.
"""
