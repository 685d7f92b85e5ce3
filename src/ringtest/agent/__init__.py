"""The agent: runs a lab's jobs on outbound connections only.

It hears of jobs on an event stream, claims them, downloads components, runs the stages,
and tells the server everything through an on-disk journal that outlives the process:
server down, replies lost or agent killed, every byte arrives exactly once and in order.
"""
