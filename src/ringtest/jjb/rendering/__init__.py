"""From a job's data to its XML, with the bytes of jenkins-job-builder.

`jobs` and `views` make the tree: the root by kind (`projects`, `views`), then the sections in
the original's order; `dispatch` renders components, macros first, and keeps what equal data
gave; `writer` writes what ElementTree and minidom write together in the original.
"""
