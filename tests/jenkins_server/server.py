"""The HTTP side: who calls, crumbs and sessions, restarts, faults; one thread per connection."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.jenkins_server.messages import Call, Fault, Reply
from tests.jenkins_server.rewriting import BadConfig
from tests.jenkins_server.routes import answer
from tests.jenkins_server.state import Controller, Person, Refused

CRUMB_FIELD = "Jenkins-Crumb"
COOKIE = "JSESSIONID.4c0c3c0d"


class JenkinsServer:
    """A controller behind HTTP.

    `requests` lists what was asked, as (method, path, status). `before` is called with each
    request as it comes, several at once. `starting` is the number of
    requests that a restart answers with 503 before it is over.
    """

    def __init__(self, *, latency: float = 0.0, port: int = 0) -> None:
        self.controller = Controller()
        self.latency = latency
        self.before: Callable[[Call], None] = lambda call: None
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, int]] = []
        self.starting = 0
        self.restart_takes = 3
        self.lock = threading.RLock()
        self._http = _Server(("127.0.0.1", port), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def restart(self) -> None:
        """As if the controller's service was restarted."""
        with self.lock:
            self.controller.restart()
            self.starting = self.restart_takes

    def fail(self, method: str, part: str, how: str, times: int = 1) -> None:
        """Let the next requests that fit go wrong (see `Fault`)."""
        with self.lock:
            self.faults.append(Fault(method, part, how, times))

    def writes(self) -> list[tuple[str, str, int]]:
        """The requests that were to change something."""
        return [each for each in self.requests if each[0] == "POST"]

    def handle(self, call: Call, headers: Any) -> tuple[Reply | None, str | None]:
        """The reply, None for none at all; and the id of a session that has begun."""
        with self.lock:
            how = next((f for f in self.faults if f.fits(call)), None)
            if how:
                how.times -= 1
                if how.how != "unanswered":
                    status = int(how.how) if how.how.isdigit() else 0
                    return (Reply(status, b"broken on purpose") if status else None), None
            reply, session = self._answer(call, headers)
            return (None if how else reply), session

    def _answer(self, call: Call, headers: Any) -> tuple[Reply, str | None]:
        if self.starting:
            self.starting -= 1
            return Reply(503, b"Please wait while Jenkins is getting ready to work"), None
        person = self._person(headers)
        if isinstance(person, Reply):
            return person, None
        call.person, token = person
        session = _session_in(headers)
        known = session is not None and self.controller.sessions.get(session) == call.person.name
        if call.path.startswith("/crumbIssuer/api/json"):
            begun = None if known else self._begin_session(call.person)
            crumb = self._crumb(begun or session or "")
            fields = {"crumb": crumb, "crumbRequestField": CRUMB_FIELD}
            return Reply.json(
                {"_class": "hudson.security.csrf.DefaultCrumbIssuer", **fields}
            ), begun
        if call.method == "POST" and not token:
            right = known and headers.get(CRUMB_FIELD) == self._crumb(session or "")
            form = "configSubmit" in call.path  # the form's script adds its crumb
            if not right and not form:
                return Reply(403, b"No valid crumb was included in the request"), None
        if call.method == "POST" and not call.person.may_write:
            return Reply(
                403, f"{call.person.name} is missing the Job/Configure permission".encode()
            ), None
        return self._routed(call), None

    def _routed(self, call: Call) -> Reply:
        try:
            reply = answer(self.controller, call)
        except Refused as error:
            reason = error.reason.encode("ascii", "xmlcharrefreplace").decode()
            return Reply(error.status, error.reason.encode(), {"X-Error": reason})
        except BadConfig as error:
            return Reply(500, f"SAXParseException: {error}".encode())
        if call.path in ("/restart", "/safeRestart"):
            self.restart()
        return reply

    def _person(self, headers: Any) -> tuple[Person, bool] | Reply:
        """Who calls, and whether with a token; the refusal otherwise."""
        kind, _, value = (headers.get("Authorization") or "").partition(" ")
        if kind.lower() != "basic":
            return Reply(
                403, b"Authentication required", {"X-You-Are-Authenticated-As": "anonymous"}
            )
        name, _, secret = base64.b64decode(value).decode().partition(":")
        person = self.controller.people.get(name)
        if person is None or secret not in (person.password, person.token):
            return Reply(401, b"Invalid password/token for user: " + name.encode())
        return person, secret == person.token

    def _begin_session(self, person: Person) -> str:
        seed = f"{self.controller.generation}-{self.controller.next_number()}"
        session = hashlib.sha256(seed.encode()).hexdigest()[:32]
        self.controller.sessions[session] = person.name
        return session

    def _crumb(self, session: str) -> str:
        return hashlib.sha256(f"crumb of {session}".encode()).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _session_in(headers: Any) -> str | None:
    for part in (headers.get("Cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return str(value)
    return None


def _handler_of(server: JenkinsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._do()

        do_POST = do_HEAD = do_GET

        def _do(self) -> None:
            if server.latency:
                time.sleep(server.latency)
            call = self._call()
            server.before(call)
            reply, session = server.handle(call, self.headers)
            server.requests.append((call.method, self.path, reply.status if reply else 0))
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"X-Jenkins": "2.528.1", **reply.headers}.items():
                self.send_header(name, value)
            if session:
                self.send_header("Set-Cookie", f"{COOKIE}={session};Path=/;HttpOnly")
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if call.method != "HEAD":
                self.wfile.write(reply.body)

        def _call(self) -> Call:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            return Call(
                method=self.command,
                path=parts.path,
                names=[unquote(each) for each in parts.path.split("/") if each],
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                body=self.rfile.read(length),
                content_type=self.headers.get("Content-Type") or "",
                url=server.url,
            )

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: `requests` has it all."""

    return Handler


@contextmanager
def jenkins_server(*, latency: float = 0.0) -> Iterator[JenkinsServer]:
    """A stand-in on a free port, gone at the end."""
    server = JenkinsServer(latency=latency)
    server.start()
    try:
        yield server
    finally:
        server.stop()
