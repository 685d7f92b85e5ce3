"""Lab labels: which machines of which labs a job could run on, by what their agents tell of them.

States: none; the newest labels of each agent count.
Events out: none. Events in: none.
"""
