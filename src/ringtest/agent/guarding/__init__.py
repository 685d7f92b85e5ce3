"""What a test leaves behind: the machine before and after it, what differs, put back as it was.

`things` is what a machine's state consists of and how two states differ; `libvirt`, `services`
and `files` read and restore each kind; `guard` watches a piece of work, `guarded` the tests of a
runner one by one.
"""
