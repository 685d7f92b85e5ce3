"""The feed: what happened, as a list and live, each caller seeing only its own.

States: none; it reads the outbox and the fast-moving live channel.
Events out: none. Events in: all, for people and programs that watch.
"""
