"""A stand-in for a Jenkins controller: real HTTP, and the behaviour that clients stumble over.

No Jenkins can be had from the registries that tests may use. What the stand-in does is checked
with three real clients: jenkins-job-builder, python-jenkins and api4jenkins. What it does not
do: run anything, agents' own protocol, Groovy, pages but one form.
"""

from tests.jenkins_server.messages import Fault
from tests.jenkins_server.server import JenkinsServer, jenkins_server
from tests.jenkins_server.state import Outcome

__all__ = ["Fault", "JenkinsServer", "Outcome", "jenkins_server"]
