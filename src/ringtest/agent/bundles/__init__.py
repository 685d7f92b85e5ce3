"""What a lab could not report, carried to the server by hand.

`packing` writes the unreported attempts of a data folder into one file, `unpacking` checks such
a file and lays its attempts out, `carrying` brings those to the server as the agent would have
done: with the same numbers and keys, so that nothing counts twice. `manifest` is the format.
"""
