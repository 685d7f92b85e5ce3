"""One action of one build, in a process of its own: `python -m ringtest.jjb.native.doing`.

`build` is what the actions of a build share, on the disk; `actions` are by kind, `registry` names
them; `processes` runs commands with limits of time and hidden secrets.
"""
