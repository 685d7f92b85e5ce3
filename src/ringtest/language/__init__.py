"""What server, agent and job builder share: expressions, YAML with places, secrets in texts.

Pure: text in, values or errors that point at a character out. Nothing written in them can
call, import or reach anything but the values it is given.
"""
