"""What a lab's machine is made of: the same machine gives the same bytes, whatever ran on it.

`reading` asks /proc and /sys as an ordinary account, `labels` says it in words that people
choose by, `telling` lets the server know when it changed. No serial number, address or name of
a machine is among it, and parameters that look like secrets are taken out.
"""
