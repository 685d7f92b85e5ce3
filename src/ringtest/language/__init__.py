"""Small languages that the job builder and the agent share: expressions, and YAML with places.

Pure: text in, values or errors that point at a character out. Nothing written in them can
call, import or reach anything but the values it is given.
"""
