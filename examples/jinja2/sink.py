"""A receiver of reports for the demo: webhooks over HTTP, mails over SMTP, both kept on disk.

    python -m examples.jinja2.sink --folder DIR --http 127.0.0.1:8025 --smtp 127.0.0.1:2525

`GET /` shows what arrived, `GET /messages` says it in JSON, `PUT /down {"down": true}` makes
the receiver refuse everything (503, 451) until it is told otherwise.
The secret of the webhooks is read from the environment variable SINK_SECRET.
"""

import argparse
import email.policy
import os
import signal
import sys
import threading
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from examples.jinja2.message_store import MessageStore
from examples.jinja2.sink_web import Sink, WebServer


class MailHandler:
    """Takes mails; the Message-ID tells a second copy."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for a whole mail; answers as SMTP does."""
        if self._sink.down:
            return "451 The receiver is down, try again"
        given = envelope.content or b""
        raw = given if isinstance(given, bytes) else given.encode()
        mail = BytesParser(policy=email.policy.default).parsebytes(raw)
        body = mail.get_body(("plain", "html"))
        content = {
            "subject": str(mail["Subject"]),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": body.get_content() if body else "",
        }
        self._sink.store.add("mail", str(mail["Message-ID"]), content)
        return "250 Kept"


def serve(sink: Sink, http: str, smtp: str) -> Callable[[], None]:
    """Start both servers (`host:port` each) and return the function that stops them."""
    web = WebServer(split_address(http), sink)
    threading.Thread(target=web.serve_forever, name="web", daemon=True).start()
    host, port = split_address(smtp)
    mail = Controller(MailHandler(sink), hostname=host, port=port)
    mail.start()

    def stop() -> None:
        mail.stop()
        web.shutdown()
        web.server_close()

    return stop


def split_address(text: str) -> tuple[str, int]:
    """
    >>> split_address("127.0.0.1:25")
    ('127.0.0.1', 25)
    """
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--http", default="127.0.0.1:8025")
    parser.add_argument("--smtp", default="127.0.0.1:2525")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sink = Sink(MessageStore(options.folder), os.environ.get("SINK_SECRET", ""))
    stop = serve(sink, options.http, options.smtp)
    print(f"ready http://{options.http}/", flush=True)
    ended.wait()
    stop()
    sys.exit(0)


if __name__ == "__main__":
    main()
