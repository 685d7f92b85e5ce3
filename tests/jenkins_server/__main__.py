"""`python -m tests.jenkins_server [HOST:PORT]`: a stand-in to try commands with."""

import sys
import threading

from tests.jenkins_server.server import JenkinsServer

if __name__ == "__main__":
    server = JenkinsServer(port=int(sys.argv[1].rpartition(":")[2]) if len(sys.argv) > 1 else 0)
    server.start()
    print(f"ready {server.url}", flush=True)
    threading.Event().wait()
