"""The demo's receiver: what it keeps, what it refuses, what it shows."""

import base64
import hmac
import json
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from examples.jinja2.free_port import free_ports
from examples.jinja2.message_store import MessageStore
from examples.jinja2.sink import serve
from examples.jinja2.sink_web import Sink
from examples.jinja2.webhook_signature import is_genuine, key_of

SECRET = "whsec_" + base64.b64encode(b"a key of the test").decode()


def signed(body: bytes, message_id: str = "msg_1", sent: float | None = None) -> dict[str, str]:
    """The headers a sender adds."""
    at = int(time.time() if sent is None else sent)
    digest = hmac.digest(key_of(SECRET), f"{message_id}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[Sink, str, int]]:
    """A running sink: its state, its web address and its mail port."""
    http, smtp = free_ports(2)
    state = Sink(MessageStore(tmp_path), SECRET)
    stop = serve(state, f"127.0.0.1:{http}", f"127.0.0.1:{smtp}")
    yield state, f"http://127.0.0.1:{http}", smtp
    stop()


def mail(message_id: str = "<one@localhost>") -> EmailMessage:
    """A report as a mail."""
    message = EmailMessage()
    message["From"], message["To"] = "ringtest@localhost", "team@localhost"
    message["Subject"], message["Message-ID"] = "New failure", message_id
    message.set_content("2 tests fail everywhere\n")
    return message


def test_second_copy_of_a_webhook_is_counted_not_kept(sink: tuple[Sink, str, int]) -> None:
    _, url, _ = sink
    body = b'{"subject": "New failure"}'
    answers = [httpx.post(url + "/hook", content=body, headers=signed(body)) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"new": True}, {"new": False}]
    (kept,) = httpx.get(url + "/messages").json()["messages"]
    assert (kept["subject"], kept["copies"], kept["channel"]) == ("New failure", 2, "webhook")


def test_webhook_with_a_wrong_signature_is_refused(sink: tuple[Sink, str, int]) -> None:
    _, url, _ = sink
    headers = signed(b"{}")
    assert httpx.post(url, content=b'{"a": 1}', headers=headers).status_code == 401
    assert httpx.post(url, content=b"{}").status_code == 401
    assert httpx.get(url + "/messages").json()["messages"] == []


def test_old_signature_is_refused() -> None:
    assert is_genuine(signed(b"{}"), b"{}", SECRET)
    assert not is_genuine(signed(b"{}", sent=time.time() - 400), b"{}", SECRET)


def test_second_copy_of_a_mail_is_counted_not_kept(sink: tuple[Sink, str, int]) -> None:
    state, _, port = sink
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(mail())
        smtp.send_message(mail())
        smtp.send_message(mail("<two@localhost>"))
    kept = state.store.all()
    assert [message["copies"] for message in kept] == [2, 1]
    assert kept[0]["text"].strip() == "2 tests fail everywhere"


def test_sink_that_is_down_keeps_nothing_and_says_try_again(sink: tuple[Sink, str, int]) -> None:
    state, url, port = sink
    assert httpx.put(url + "/down", json={"down": True}).json() == {"down": True}
    assert httpx.post(url, content=b"{}", headers=signed(b"{}")).status_code == 503
    with smtplib.SMTP("127.0.0.1", port) as smtp, pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send_message(mail())
    assert refused.value.smtp_code == 451
    assert state.store.all() == []
    httpx.put(url + "/down", json={"down": False})
    assert httpx.post(url, content=b"{}", headers=signed(b"{}")).json() == {"new": True}


def test_what_was_received_is_shown_escaped(sink: tuple[Sink, str, int]) -> None:
    _, url, _ = sink
    body = json.dumps({"subject": "<script>alert(1)</script>"}).encode()
    httpx.post(url, content=body, headers=signed(body))
    page = httpx.get(url + "/").text
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_messages_are_there_after_a_restart(tmp_path: Path) -> None:
    MessageStore(tmp_path).add("mail", "<one@localhost>", {"subject": "s"})
    assert not MessageStore(tmp_path).add("mail", "<one@localhost>", {"subject": "s"})
    assert MessageStore(tmp_path).all()[0]["copies"] == 2
