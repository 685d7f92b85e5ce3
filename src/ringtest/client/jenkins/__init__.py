"""HTTP to a Jenkins controller: lists, configurations, builds, agents.

Blocking, over httpx, safe to be used by several threads. Crumbs are fetched when the controller
wants one; what may be repeated is repeated while it restarts, and what may not is looked for
before it is sent again. Knows nothing of job files: `jjb.planning` and connectors stand on it.
"""

from ringtest.client.jenkins.controller import Controller
from ringtest.client.jenkins.errors import JenkinsError, Missing, NameTaken, Refused, Unsure
from ringtest.client.jenkins.site import Site

__all__ = ["Controller", "JenkinsError", "Missing", "NameTaken", "Refused", "Site", "Unsure"]
