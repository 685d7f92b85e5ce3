"""Notifier `mail`: plain-text mail over SMTP, from Python's own smtplib.

The server is `smtp://[user:password@]host[:port]` (STARTTLS when offered) or `smtps://…`
(TLS from the start). The Message-ID is made of the message's id, so a copy that had to
be sent twice is known as the same mail.
"""

import asyncio
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.texts import one_line
from ringtest.control.ports.notifier import DeliveryFailed, Message

PORT = "notifier"
_TIMEOUT_SECONDS = 10.0
_ANSWER_CHARS = 200
_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = range(500, 600)
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")


class Smtp:
    """One connection per mail. Refused for good (5xx): given up; anything else: again."""

    channel = "mail"

    def __init__(self, url: str, sender: str, *, timeout: float = _TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("the mail server must be smtp://host:port or smtps://host:port")
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = _clean_address(sender)
        self._timeout = timeout

    async def send(self, message: Message) -> str:
        """Hand the mail over in a thread; each step may take `timeout` seconds."""
        try:
            mail = compose(message, self._sender)
        except ValueError as error:
            raise DeliveryFailed(str(error), again=False) from error
        return await asyncio.to_thread(self._send, mail)

    def _send(self, mail: EmailMessage) -> str:
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _failure(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}"[:_ANSWER_CHARS]) from error
        return "accepted"

    def _connect(self) -> smtplib.SMTP:
        if self._is_tls:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            server.ehlo()
            if not self._is_tls and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def compose(message: Message, sender: str) -> EmailMessage:
    """The mail; ValueError for an address that could smuggle in headers or receivers."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = _clean_address(message.address)
    mail["Subject"] = one_line(message.subject, 200)
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _clean_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address) or not address.isprintable():
        raise ValueError("the address is not a plain mail address")
    return address


def _failure(code: int, text: bytes | str) -> DeliveryFailed:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return DeliveryFailed(f"{code} {words}"[:_ANSWER_CHARS], again=code not in _PERMANENT)


def create(settings: Settings) -> Smtp:
    """The connector as the registry makes it."""
    return Smtp(settings.smtp_url, settings.mail_from)
