"""Known issues: rules that name failures which somebody knows, and label them as they come.

States of a rule: active, inactive (labels nothing, shows nowhere), archived.
Events out: none. Events in: none; triage labels what it groups.
"""
