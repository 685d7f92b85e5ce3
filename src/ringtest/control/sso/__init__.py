"""Single sign-on: people who come with a token of the provider that this server believes.

States: a provider's keys are fresh for ten minutes, usable for an hour, then too old.
Events out: none. Events in: none.
"""
