"""The wire contract as tables: a file per section, a row per call, checked for every role.

`section_*.py` hold the tables and are made to be read beside the contract. `engine.py` asks
what they say, `scene.py` and `things.py` build what they ask about. `../../golden/roles.md` is
the same tables as one matrix of roles and routes.
"""
