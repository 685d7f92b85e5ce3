"""Ringtest: one product build, many laboratories, one answer."""

import sys
from types import ModuleType

__version__ = "0.1.0"

# httpx loads a command of its own with rich, pygments and click: 6 MiB and half of its time to
# load, for what nobody here calls. With an empty module in its place it does without.
sys.modules.setdefault("httpx._main", ModuleType("httpx._main"))
