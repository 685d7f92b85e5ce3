"""Controllers: other CI systems that stand for a lab, with the identity to speak to them.

States: active, inactive (its lab's jobs wait), archived. Events out: none. Events in: none.
The secret is sealed and never shown; who may add controllers decides what the server calls.
"""
