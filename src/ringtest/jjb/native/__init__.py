"""Jenkins jobs without Jenkins: what a job's XML says, as actions that this machine can do.

`tracing` renders jobs to trees and knows which component of which file made each element;
`translation` reads a tree as Jenkins would and gives a `program`: actions, and findings that name
what is covered, what has no effect here and what is not covered. Pure so far. `definition` says
the program as a definition, whose steps are `doing`: one action of one build, in a process of its
own. Nothing here knows who runs the definition.
"""
