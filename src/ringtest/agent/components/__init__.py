"""Components in a lab: each file is fetched once, verified while it is written, and kept by its
digest; of another version of a file only what differs is fetched.

`shelf` is the folder, `planning` finds what two versions have in common, `sources` are where bytes
come from, `writing` puts them together, `storing` is what a job asks. `serving` gives files to the
lab's other agents; `file_lists` and `trees` are mirrors in the form of DCI.
"""

from ringtest.agent.components.names import human_size, safe_path
from ringtest.agent.components.storing import ComponentStore

__all__ = ["ComponentStore", "human_size", "safe_path"]
