"""The web side of the sink: takes webhooks, shows what arrived."""

import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from examples.jinja2.message_store import MessageStore
from examples.jinja2.webhook_signature import is_genuine

_LIMIT = 1024 * 1024  # bytes of a report
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Reports received</title>
<meta http-equiv="refresh" content="2"><meta name="color-scheme" content="light dark">
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;
padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8886}}td:first-child{{white-space:nowrap}}
pre{{white-space:pre-wrap;margin:0}}
</style><h1>Reports received</h1><p>{count}. The receiver is {state}.</p>
<table><thead><tr><th scope="col">At (UTC)<th scope="col">Channel<th scope="col">Report
<th scope="col">Copies<tbody>{rows}</table></html>"""


class Sink:
    """What both servers share: the messages, the secret, and whether it is down."""

    def __init__(self, store: MessageStore, secret: str) -> None:
        self.store = store
        self.secret = secret
        self.down = False

    def page(self) -> str:
        """The messages as a plain page; everything received is escaped."""
        rows = []
        for message in reversed(self.store.all()):
            text = html.escape(str(message.get("text", "")))
            rows.append(
                f"<tr><td>{html.escape(message['received_at'][:19].replace('T', ' '))}"
                f"<td>{html.escape(message['channel'])}"
                f"<td><details><summary>{html.escape(str(message.get('subject', '')))}</summary>"
                f"<pre>{text}</pre></details><td>{int(message['copies'])}"
            )
        count = f"{len(rows)} message{'' if len(rows) == 1 else 's'}"
        state = "down: it refuses everything" if self.down else "up"
        return _PAGE.format(count=count, state=state, rows="".join(rows))


class WebServer(ThreadingHTTPServer):
    """Serves one sink; a thread per connection, none of which keeps the program alive."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], sink: Sink) -> None:
        super().__init__(address, WebHandler)
        self.sink = sink


class WebHandler(BaseHTTPRequestHandler):
    """`POST` takes a webhook; `PUT /down` switches the receiver off and on."""

    server: "WebServer"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, or the messages in JSON."""
        if self.path == "/messages":
            sink = self.server.sink
            self._answer(200, {"down": sink.down, "messages": sink.store.all()})
        elif self.path == "/":
            self._send(200, "text/html; charset=utf-8", self.server.sink.page().encode())
        else:
            self._answer(404, {"message": "nothing here"})

    def do_PUT(self) -> None:
        """Down, or up again."""
        body = self._body()
        if body is None:
            return
        if self.path != "/down":
            self._answer(404, {"message": "nothing here"})
            return
        try:
            self.server.sink.down = bool(json.loads(body)["down"])
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"message": 'expected {"down": true} or {"down": false}'})
            return
        self._answer(200, {"down": self.server.sink.down})

    def do_POST(self) -> None:
        """A report: kept when its signature is right."""
        body = self._body()
        if body is None:
            return
        if self.server.sink.down:
            self._answer(503, {"message": "the receiver is down"})
        elif not is_genuine(dict(self.headers), body, self.server.sink.secret):
            self._answer(401, {"message": "the signature is not ours"})
        else:
            content = _content(body)
            new = self.server.sink.store.add("webhook", self.headers["webhook-id"], content)
            self._answer(200, {"new": new})

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LIMIT:
            self._answer(413, {"message": f"a body of at most {_LIMIT} bytes is expected"})
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: int, mime: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what counts is in the folder."""


def _content(body: bytes) -> dict[str, Any]:
    """What is kept of a webhook; a body that is not a JSON object is kept as text."""
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        return {"subject": "", "text": body.decode(errors="replace"), "body": None}
    subject = report.get("subject") or report.get("type") or ""
    return {"subject": subject, "text": json.dumps(report, indent=1), "body": report}
