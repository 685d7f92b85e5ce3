"""Definitions: what a run does, as people and servers write it.

`model` is the shape, `reading` turns a YAML file into it with every fault at its place,
`plan` says what would happen. A server sends the same shape as JSON.
"""
